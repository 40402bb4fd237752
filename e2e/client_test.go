package e2e

import (
	"context"
	"net/netip"
	"os/exec"
	"testing"
)

// A client is a kind of client that is not ours.
type client interface {
	String() string

	// programs are what must be installed.
	programs() []string

	// leavesOutEmpty reports whether files without a byte are not made.
	leavesOutEmpty() bool

	// place returns where a client of this kind can run.
	place(t *testing.T) place

	// start runs the client in the swarm of one torrent.
	start(t *testing.T, at place, j job) *partner
}

var clients = []client{libtorrent{}, transmission{}, aria2{}}

// A job is what a client is started for.
type job struct {
	torrent    string           // the .torrent file, or a magnet link
	dir        string           // where the content is, or is to be
	seed       bool             // the content is there
	dial       []netip.AddrPort // peers to dial, by clients that can be told
	port       uint16           // to accept peers on; 0 for any
	lsd        bool             // it finds peers on the local network
	udpTracker bool             // it has to find peers by a UDP tracker
	wants      []string         // paths of the files that are wanted; none for all
	limit      int              // bytes to download per second, by libtorrent; 0 for no limit
	upLimit    int              // bytes to upload per second, by libtorrent; 0 for no limit
	pex        bool             // it exchanges peers with peers; libtorrent always does
	dht        []netip.AddrPort // nodes of the DHT in which it finds peers; none for no DHT
}

// portOr returns the port to accept peers on, a free one if none was asked for.
func (j job) portOr(t *testing.T, at place) uint16 {
	if j.port != 0 {
		return j.port
	}
	return at.freePort(t)
}

// A partner is a client that runs.
type partner struct {
	*process
	addr netip.AddrPort // where it accepts peers

	// whole waits until it has everything, on disk.
	whole func(context.Context) error
}

// need skips the test unless the client is installed.
func need(t *testing.T, c client) {
	t.Helper()
	for _, program := range c.programs() {
		if _, err := exec.LookPath(program); err != nil {
			lack(t, "%s is not installed: %v", c, err)
		}
	}
	if f, ok := c.(interface{ missing() error }); ok {
		if err := f.missing(); err != nil {
			lack(t, "%s is not installed: %v", c, err)
		}
	}
}
