package main

import (
	"bufio"
	"context"
	"fmt"
	"net/netip"
	"os"
	"strings"
	"time"

	"github.com/shoal-bt/shoal/swarm"
)

// file is a swarm.PeerSource that reads addresses from a text file, one a line,
// and looks again every minute.
type file string

// String names the source in what the program shows.
func (f file) String() string { return "the peers in " + string(f) }

func (f file) Announce(ctx context.Context, a swarm.Announcement, found func(swarm.Address)) (swarm.Answer, error) {
	answer := swarm.Answer{Next: time.Minute, Min: time.Second, Seeds: -1, Leechers: -1}
	if err := ctx.Err(); err != nil || a.Event == swarm.Stopped {
		return answer, err
	}
	r, err := os.Open(string(f))
	if err != nil {
		return answer, fmt.Errorf("customsource: %w", err)
	}
	defer r.Close()
	lines := bufio.NewScanner(r)
	for lines.Scan() && ctx.Err() == nil {
		text := strings.TrimSpace(lines.Text())
		if text == "" || strings.HasPrefix(text, "#") {
			continue
		}
		addr, err := netip.ParseAddrPort(text)
		if err != nil {
			return answer, fmt.Errorf("customsource: %w", err)
		}
		found(swarm.Address{AddrPort: addr})
	}
	return answer, lines.Err()
}
