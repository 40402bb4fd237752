package engine

import (
	"bytes"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/shoal-bt/shoal/engine/internal/simnet"
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

// A bulk is an extension that answers each message with more than may wait as bytes.
type bulk struct {
	chat
	made, refused atomic.Int32
}

const bulkLen = 16 << 10 // bytes of a message

func (b *bulk) make(ExtensionTorrent) Extension { return b }

func (b *bulk) Open(_ time.Time, conn ExtensionConn, _ *peerwire.ExtendedHandshake) ExtensionSession {
	return &bulkSession{chatSession{&b.chat, conn.Peer()}, b, conn}
}

type bulkSession struct {
	chatSession
	bulk *bulk
	conn ExtensionConn
}

func (s *bulkSession) Message(time.Time, []byte) error {
	for i := range 1 + 2*maxUnsent/bulkLen {
		queued := s.conn.SendLater(func() []byte {
			s.bulk.made.Add(1)
			return bytes.Repeat([]byte{byte(i)}, bulkLen)
		})
		if !queued {
			s.bulk.refused.Add(1)
		}
	}
	return nil
}

// A peer that asks for much at once and reads slowly gets all that was promised, one after the
// other, and what waits for it is not in memory.
func TestSendLater(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		s := newSample(1, 1<<20, 1<<18)
		var b bulk
		e := r.engine("10.0.0.1", simnet.Link{}, Config{Torrent: TorrentConfig{Extensions: []ExtensionMaker{b.make}}})
		x := r.seed(e, s)
		a := r.dialAs("a", e, s, handshake.Extended)
		hello, err := peerwire.ParseExtendedHandshake(a.expect(peerwire.Extended).Data)
		require.NoError(t, err)
		mine := peerwire.ExtendedHandshake{M: peerwire.Extensions{"chat": 7}}
		a.send(peerwire.Message{Kind: peerwire.Extended, Data: mine.AppendTo(nil)},
			peerwire.Message{Kind: peerwire.Extended, ExtID: hello.M["chat"], Data: []byte("all of it")})
		time.Sleep(time.Second)
		require.Len(t, x.Peers(), 1)
		require.EqualValues(t, 65, b.refused.Load())
		require.Less(t, b.made.Load(), int32(64))
		for i := range 64 {
			m := a.expect(peerwire.Extended)
			require.EqualValues(t, 7, m.ExtID)
			require.Equal(t, bytes.Repeat([]byte{byte(i)}, bulkLen), m.Data)
		}
		require.EqualValues(t, 64, b.made.Load())
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
