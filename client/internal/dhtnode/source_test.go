package dhtnode_test

import (
	"net"
	"net/netip"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shoal-bt/shoal/client/events"
	"github.com/shoal-bt/shoal/client/internal/dhtnode"
	"github.com/shoal-bt/shoal/dht"
	"github.com/shoal-bt/shoal/swarm"
	"github.com/shoal-bt/shoal/swarm/sourcetest"
)

// A silent is a socket that hears nothing, on the clock of a bubble.
type silent struct {
	until chan time.Time
}

func newSilent() *silent { return &silent{until: make(chan time.Time, 1)} }

func (s *silent) ReadFrom([]byte) (int, net.Addr, error) {
	<-s.until
	return 0, nil, os.ErrDeadlineExceeded
}

func (s *silent) SetReadDeadline(t time.Time) error {
	if !t.IsZero() {
		s.until <- t
	}
	return nil
}

func (s *silent) WriteTo(b []byte, _ net.Addr) (int, error) { return len(b), nil }
func (s *silent) Close() error                              { return nil }
func (s *silent) LocalAddr() net.Addr                       { return &net.UDPAddr{Port: 6881} }
func (s *silent) SetDeadline(t time.Time) error             { return s.SetReadDeadline(t) }
func (s *silent) SetWriteDeadline(time.Time) error          { return nil }

// TestEventsThatTheDHTHasNot open no node, and nobody waits for them.
func TestEventsThatTheDHTHasNot(t *testing.T) {
	s := dhtnode.New(dhtnode.Config{})
	for event, next := range map[swarm.Event]time.Duration{swarm.Stopped: dht.AnnounceEvery, swarm.Completed: 5 * time.Second} {
		answer, err := s.Announce(t.Context(), swarm.Announcement{Event: event}, nil)
		require.NoError(t, err)
		require.Equal(t, next, answer.Next)
	}
	require.False(t, s.Stats().Open)
	require.NoError(t, s.Close())
}

// TestSource runs the suite of sources: with a node that hears nobody, and with so few places
// that most calls are sent away.
func TestSource(t *testing.T) {
	for name, announces := range map[string]int{"many": 100, "one place": 1} {
		t.Run(name, func(t *testing.T) {
			sourcetest.Run(t, func(t *testing.T) swarm.PeerSource {
				s := dhtnode.New(dhtnode.Config{
					Node:      dht.Config{Conn4: newSilent(), Routers: []string{"192.0.2.1:6881"}},
					Addrs:     func() []netip.AddrPort { return nil },
					SetPort:   func(uint16) {},
					Report:    func(events.Event) {},
					Announces: announces,
				})
				t.Cleanup(func() { require.NoError(t, s.Close()) })
				_, err := s.Node(false)
				require.NoError(t, err)
				time.Sleep(time.Millisecond) // so that no deadline of the suite is that of a query, on the clock of the bubble
				return s
			})
		})
	}
}

// A recorded is a silent socket that notes to whom it sends.
type recorded struct {
	*silent
	to chan string
}

func (r recorded) WriteTo(b []byte, to net.Addr) (int, error) {
	r.to <- to.String()
	return len(b), nil
}

// TestNodesOfTheUserComeFirst has torrents that name as many nodes as are asked. That which the user
// named is asked all the same.
func TestNodesOfTheUserComeFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		conn := recorded{newSilent(), make(chan string, 1000)}
		s := dhtnode.New(dhtnode.Config{
			Node:    dht.Config{Conn4: conn, Routers: []string{}, Nodes: []string{"192.0.2.7:6881"}},
			Addrs:   func() []netip.AddrPort { return nil },
			SetPort: func(uint16) {},
			Report:  func(events.Event) {},
		})
		for i := range 100 {
			s.Suggest(netip.AddrPortFrom(netip.AddrFrom4([4]byte{198, 51, 100, byte(i)}), 1).String())
		}
		_, err := s.Node(false)
		require.NoError(t, err)
		time.Sleep(time.Minute)
		require.NoError(t, s.Close())
		close(conn.to)
		asked := make(map[string]bool)
		for to := range conn.to {
			asked[to] = true
		}
		require.True(t, asked["192.0.2.7:6881"])
		require.Greater(t, len(asked), 10)
	})
}
