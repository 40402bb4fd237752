// Announce uses a tracker and nothing else: it announces to one as a peer would,
// scrapes it, and prints what it says. Without arguments it asks a tracker of its
// own.
//
//	announce [URL INFOHASH]
package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"net/http/httptest"
	"os"

	"github.com/shoal-bt/shoal/client"
	"github.com/shoal-bt/shoal/httptracker"
	"github.com/shoal-bt/shoal/swarm"
	"github.com/shoal-bt/shoal/trackerserver"
)

func main() {
	if err := run(context.Background(), os.Stdout, os.Args[1:]); err != nil {
		log.Fatal("announce: ", err)
	}
}

func run(ctx context.Context, out io.Writer, args []string) error {
	if len(args) == 2 {
		id, err := client.ParseHash(args[1])
		if err != nil {
			return err
		}
		return announce(ctx, out, args[0], id, 6881)
	}
	tracker := httptest.NewServer(trackerserver.New(trackerserver.Config{}))
	defer tracker.Close()
	id := swarm.ID{0: 0xab, 19: 0xcd}
	// Somebody has to be there already.
	other := swarm.Announcement{Swarm: id, Peer: swarm.PeerID{1}, Port: 7000, Event: swarm.Started}
	if _, err := httptracker.Announce(ctx, tracker.URL+"/announce", other, httptracker.Config{}); err != nil {
		return err
	}
	return announce(ctx, out, tracker.URL+"/announce", id, 6881)
}

func announce(ctx context.Context, out io.Writer, url string, id swarm.ID, port uint16) error {
	t, err := httptracker.New(url, httptracker.Config{})
	if err != nil {
		return err
	}
	me := swarm.Announcement{
		Swarm: id, Peer: swarm.PeerID{2}, Port: port, Event: swarm.Started, Want: 50, Left: 1000,
	}
	answer, err := t.Announce(ctx, me, func(p swarm.Address) { fmt.Fprintln(out, "peer", p.AddrPort) })
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "seeds %d, leechers %d, again in %v\n", answer.Seeds, answer.Leechers, answer.Next)
	counts, err := t.Scrape(ctx, id)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "scrape %+v\n", counts[id])
	me.Event, me.Want = swarm.Stopped, 0
	_, err = t.Announce(ctx, me, func(swarm.Address) {})
	return err
}
