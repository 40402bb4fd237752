package engine

import (
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/shoal-bt/shoal/handshake"
	"github.com/shoal-bt/shoal/peerwire"
	"github.com/shoal-bt/shoal/swarm"
	"github.com/stretchr/testify/require"
)

// chat is an extension that remembers what it is told, and answers outside of the turn.
type chat struct {
	torrent ExtensionTorrent
	mu      sync.Mutex
	heard   []string
}

func (c *chat) make(t ExtensionTorrent) Extension {
	c.torrent = t
	return c
}

func (c *chat) Name() string                      { return "chat" }
func (c *chat) Hello(*peerwire.ExtendedHandshake) {}

func (c *chat) Open(_ time.Time, conn ExtensionConn, _ *peerwire.ExtendedHandshake) ExtensionSession {
	if conn.Outgoing() {
		conn.Send([]byte("hello"))
	}
	return &chatSession{c, conn.Peer()}
}

func (c *chat) take() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	heard := c.heard
	c.heard = nil
	return heard
}

type chatSession struct {
	*chat
	peer swarm.Peer
}

func (s *chatSession) Hello(time.Time, *peerwire.ExtendedHandshake) {}
func (s *chatSession) Tick(time.Time)                               {}
func (s *chatSession) Close()                                       {}

func (s *chatSession) Message(_ time.Time, body []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.heard = append(s.heard, string(body))
	if string(body) == "hello" {
		go s.torrent.Say(s.peer, []byte("hello yourself"))
	}
	return nil
}

// Two engines whose torrents have an extension talk through it, one from outside of its turn.
func TestExtension(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		s := newSample(1, 1<<20, 1<<18)
		var a, b chat
		seed := r.engine("10.0.0.1", link, Config{Torrent: TorrentConfig{Extensions: []ExtensionMaker{a.make}}})
		r.seed(seed, s)
		leech := r.engine("10.0.0.2", link, Config{})
		spec := s.spec(swarm.NewMemory(s.geometry.Length), list(at(seed)))
		spec.Private, spec.Extensions = true, []ExtensionMaker{b.make}
		r.wait(r.add(leech, spec), time.Minute)
		synctest.Wait()
		require.Equal(t, []string{"hello"}, a.take())
		require.Equal(t, []string{"hello yourself"}, b.take())
		require.True(t, b.torrent.Private)
		require.False(t, a.torrent.Private)
		require.Equal(t, []swarm.ID{s.id}, b.torrent.Swarms)
		b.torrent.Say(99, []byte("nobody"))
	})
}

// An address that a listener is bound to is in our handshake if it is a public one.
func TestBoundAddress(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		s := newSample(1, 1<<20, 1<<18)
		for addr, isPublic := range map[string]bool{"192.0.2.1": true, "10.0.0.1": false, "2001:db8::1": true, "fd00::1": false} {
			e := r.engine(addr, link, Config{})
			r.seed(e, s)
			a := r.dialAs("x", e, s, handshake.Extended)
			hello, err := peerwire.ParseExtendedHandshake(a.expect(peerwire.Extended).Data)
			require.NoError(t, err)
			require.Equal(t, isPublic, hello.IPv4.IsValid() || hello.IPv6.IsValid(), "%s: %+v", addr, hello)
			r.close(e)
		}
	})
}
