package e2e

import (
	"context"
	"fmt"
	"net/netip"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// aria2 is aria2c, one process for one torrent. It knows only peers of trackers.
type aria2 struct{}

func (aria2) String() string           { return "aria2" }
func (aria2) programs() []string       { return []string{"aria2c"} }
func (aria2) leavesOutEmpty() bool     { return false }
func (aria2) place(t *testing.T) place { return apart(t) }

func (aria2) start(t *testing.T, at place, j job) *partner {
	t.Helper()
	addr := netip.AddrPortFrom(at.theirs, j.portOr(t, at))
	args := []string{
		"--no-conf",
		"--dir=" + j.dir,
		"--interface=" + at.theirs.String(),
		fmt.Sprintf("--listen-port=%d", addr.Port()),
		"--enable-dht6=false",
		"--enable-peer-exchange=false",
		"--bt-enable-lpd=false",
		"--bt-require-crypto=false", "--bt-min-crypto-level=plain",
		"--disable-ipv6=true",
		"--file-allocation=none", "--disk-cache=0",
		"--allow-overwrite=true",
		"--check-integrity=true",
		"--seed-ratio=0",
		"--console-log-level=info", "--summary-interval=0", "--enable-color=false",
	}
	// It has no UDP socket without a DHT. Without nodes nobody is in that DHT but itself.
	needsDHT := j.udpTracker || len(j.dht) > 0
	args = append(args, fmt.Sprintf("--enable-dht=%v", needsDHT))
	if needsDHT {
		args = append(args, fmt.Sprintf("--dht-listen-port=%d", at.freePort(t)), "--dht-file-path="+filepath.Join(t.TempDir(), "dht"))
	}
	if len(j.dht) > 0 {
		args = append(args, "--dht-entry-point="+j.dht[0].String())
	}
	args = append(args, j.torrent)
	p := &partner{addr: addr, process: launch(t, at.namespace, "aria2c", args...)}
	p.whole = func(ctx context.Context) error {
		// Each second it prints how far it is.
		return p.line(ctx, func(s string) bool { return strings.HasPrefix(s, "[#") && strings.Contains(s, " SEED(") })
	}
	require.NoError(t, p.poll(within(t), func() bool { return accepts(p.addr) }))
	return p
}
