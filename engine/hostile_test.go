package engine

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
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

// raw is a message with any body.
func raw(id byte, body ...byte) []byte {
	p := binary.BigEndian.AppendUint32(nil, uint32(1+len(body)))
	return append(append(p, id), body...)
}

// words is a body of numbers.
func words(all ...uint32) (p []byte) {
	for _, w := range all {
		p = binary.BigEndian.AppendUint32(p, w)
	}
	return p
}

// TestBadBytesEndOneConnection sends what no peer may send. The connection ends at
// once; another peer of the torrent notices nothing.
func TestBadBytesEndOneConnection(t *testing.T) {
	for name, bytes := range map[string][]byte{
		"have 0xffffffff":             raw(4, words(0xffffffff)...),
		"have past the end":           raw(4, words(5)...),
		"have of three bytes":         raw(4, 0, 0, 0),
		"bitfield too short":          raw(5),
		"bitfield too long":           raw(5, 0, 0),
		"bitfield with spare bits":    raw(5, 0xff),
		"request past the end":        raw(6, words(5, 0, 16384)...),
		"request behind the piece":    raw(6, words(0, 1<<18, 16384)...),
		"request over the piece":      raw(6, words(0, 1<<18-100, 16384)...),
		"request that wraps":          raw(6, words(0, 0xfffffff0, 0x20)...),
		"request of nothing":          raw(6, words(0, 0, 0)...),
		"request of 128 KiB and one":  raw(6, words(0, 0, 128<<10+1)...),
		"piece that we have no place": raw(7, append(words(77, 0), make([]byte, 16384)...)...),
		"piece of nothing":            raw(7, words(0, 0)...),
		"have all without BEP 6":      raw(14),
		"reject without BEP 6":        raw(16, words(0, 0, 16384)...),
		"extension handshake":         raw(20, append([]byte{0}, "lllllllll"...)...),
		"four gigabytes":              {0xff, 0xff, 0xff, 0xff, 7},
		"a long unknown message":      {0, 0x10, 0, 0, 99},
		"a long choke":                raw(0, make([]byte, 1000)...),
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, r *rig) {
				s := newSample(1, 5<<18, 1<<18)
				e := r.engine("10.0.0.1", link, Config{})
				x := r.seed(e, s)
				good, bad := r.dialAs("good", e, s), r.dialAs("bad", e, s)
				_, err := bad.conn.Write(bytes)
				require.NoError(t, err)
				require.True(t, bad.ended(time.Second))
				good.send(peerwire.Message{Kind: peerwire.Interested})
				good.expect(peerwire.Unchoke)
				good.send(peerwire.Message{Kind: peerwire.Request, Block: s.geometry.Block(4, 15)})
				require.Equal(t, s.content[len(s.content)-swarm.BlockLen:], good.expect(peerwire.Piece).Data)
				require.Len(t, x.Peers(), 1)
				require.Zero(t, e.Memory())
			})
		})
	}
}

// TestFloods sends much of what a peer may send a little of. The connection ends.
func TestFloods(t *testing.T) {
	s := newSample(1, 5<<18, 1<<18)
	block := s.geometry.Block(0, 0)
	for name, test := range map[string]struct {
		message peerwire.Message
		times   int
	}{
		"requests while choked":   {peerwire.Message{Kind: peerwire.Request, Block: block}, 5000},
		"haves":                   {peerwire.Message{Kind: peerwire.Have, Piece: 1}, 200_000},
		"keep-alives":             {peerwire.Message{Kind: peerwire.KeepAlive}, 200_000},
		"pieces that none asked":  {peerwire.Message{Kind: peerwire.Piece, Block: block, Data: make([]byte, swarm.BlockLen)}, 500},
		"cancels":                 {peerwire.Message{Kind: peerwire.Cancel, Block: block}, 50_000},
		"rejects":                 {peerwire.Message{Kind: peerwire.Reject, Block: block}, 50_000},
		"allowed fast, suggested": {peerwire.Message{Kind: peerwire.AllowedFast, Piece: 2}, 50_000},
		"handshakes":              {peerwire.Message{Kind: peerwire.Extended, Data: []byte("d1:v4:evile")}, 10_000},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, r *rig) {
				e := r.engine("10.0.0.1", simnet.Link{}, Config{})
				x := r.add(e, s.spec(swarm.NewMemory(s.geometry.Length)))
				a := r.dialAs("a", e, s, handshake.Fast, handshake.Extended)
				a.send(peerwire.Message{Kind: peerwire.HaveNone})
				go func() {
					for {
						if _, err := a.next(); err != nil {
							return
						}
					}
				}()
				var p []byte
				for range 500 {
					p = test.message.AppendTo(p)
				}
				var err error
				for n := 0; n < test.times && err == nil; n += 500 {
					_, err = a.conn.Write(p)
				}
				time.Sleep(time.Second)
				require.Empty(t, x.Peers())
				require.Zero(t, e.Memory(), "what is unasked takes no buffer")
				a.conn.Close()
				time.Sleep(time.Second)
			})
		})
	}
}

// TestPeerThatReadsNothing asks for much and takes none of it.
func TestPeerThatReadsNothing(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		s := newSample(1, 1<<20, 1<<18)
		e := r.engine("10.0.0.1", simnet.Link{}, Config{})
		x := r.seed(e, s)
		a := r.dialAs("a", e, s, handshake.Fast)
		a.send(peerwire.Message{Kind: peerwire.HaveNone}, peerwire.Message{Kind: peerwire.Interested})
		a.expect(peerwire.Unchoke)
		for k := range 3 * maxServing {
			a.send(peerwire.Message{Kind: peerwire.Request, Block: s.geometry.Block(k%4, k%16)})
		}
		time.Sleep(time.Second)
		require.Len(t, x.Peers(), 1)
		require.LessOrEqual(t, x.Peers()[0].Serving, maxServing)
		b := r.dialAs("b", e, s)
		b.send(peerwire.Message{Kind: peerwire.Interested})
		b.expect(peerwire.Unchoke)
		b.send(peerwire.Message{Kind: peerwire.Request, Block: s.geometry.Block(1, 0)})
		b.expect(peerwire.Piece)
		for range 4 {
			time.Sleep(time.Minute)
			a.send(peerwire.Message{Kind: peerwire.KeepAlive})
			b.send(peerwire.Message{Kind: peerwire.KeepAlive})
		}
		require.Len(t, x.Peers(), 1, "it goes when it has taken nothing for two minutes")
	})
}

// TestAnswersThatNobodyReads has a peer ask for so much that the rejects alone are
// more than we keep for it.
func TestAnswersThatNobodyReads(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		s := newSample(1, 1<<20, 1<<18)
		e := r.engine("10.0.0.1", simnet.Link{}, Config{})
		x := r.seed(e, s)
		a := r.dialAs("a", e, s, handshake.Fast)
		a.send(peerwire.Message{Kind: peerwire.HaveNone}, peerwire.Message{Kind: peerwire.Interested})
		a.expect(peerwire.Unchoke)
		var p []byte
		for range 500 {
			p = peerwire.Message{Kind: peerwire.Request, Block: s.geometry.Block(1, 1)}.AppendTo(p)
		}
		sent := 0
		for err := error(nil); err == nil && sent < 4*maxUnsent; sent += len(p) {
			_, err = a.conn.Write(p)
		}
		time.Sleep(time.Second)
		require.Empty(t, x.Peers())
		require.Less(t, sent, 2*maxUnsent)
	})
}

// slowHandshakes has n connections of an address begin a handshake and not go on.
func (r *rig) slowHandshakes(e *Engine, addr string, n int) (all []net.Conn) {
	r.t.Helper()
	host := r.network.Host(addr, simnet.Link{})
	for range n {
		c, err := host.DialContext(r.t.Context(), "tcp", e.Addrs()[0].String())
		require.NoError(r.t, err)
		c.Write([]byte("\x13Bit"))
		all = append(all, c)
		r.t.Cleanup(func() { c.Close() })
		synctest.Wait()
	}
	return all
}

// open returns how many of some connections the other side has not closed.
func open(all []net.Conn) (n int) {
	for _, c := range all {
		c.SetReadDeadline(time.Now().Add(time.Millisecond))
		_, err := c.Read(make([]byte, 1))
		if errors.Is(err, os.ErrDeadlineExceeded) {
			n++
		}
	}
	return n
}

// counting is a dialer that never connects and counts calls at a time.
type counting struct {
	now, most, all atomic.Int64
}

func (c *counting) DialContext(ctx context.Context, _, _ string) (net.Conn, error) {
	c.all.Add(1)
	c.most.Store(max(c.most.Load(), c.now.Add(1)))
	defer c.now.Add(-1)
	<-ctx.Done()
	return nil, ctx.Err()
}

// TestLimitsCountIncoming is a defect of cratetorrent: peers that dialed us did not
// count.
func TestLimitsCountIncoming(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		s, other := newSample(1, 1<<20, 1<<18), newSample(2, 1<<20, 1<<18)
		e := r.engine("10.0.0.1", link, Config{MaxConns: 5, OutgoingConns: -1, Torrent: TorrentConfig{MaxPeers: 3}})
		x, y := r.seed(e, s), r.seed(e, other)
		for i := range 6 {
			r.dialAs(fmt.Sprint("a", i), e, s)
		}
		time.Sleep(time.Second)
		require.Len(t, x.Peers(), 3)
		for i := range 2 {
			r.dialAs(fmt.Sprint("b", i), e, other)
		}
		time.Sleep(time.Second)
		require.Len(t, y.Peers(), 2)
		c, err := r.network.Host("10.7.0.1", link).DialContext(t.Context(), "tcp", e.Addrs()[0].String())
		require.NoError(t, err)
		_, err = handshake.Initiate(t.Context(), c, handshake.Handshake{InfoHash: other.id}, handshake.Options{})
		require.Error(t, err, "the sixth connection over all")
		c.Close()
	})
}

func TestBlockedAddresses(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		s := newSample(1, 1<<20, 1<<18)
		var asked sync.Map
		seed := r.engine("10.0.0.2", link, Config{})
		r.seed(seed, s)
		e := r.engine("10.0.0.1", link, Config{Blocked: func(a netip.Addr) bool {
			asked.Store(a, true)
			return a == netip.MustParseAddr("10.0.0.2")
		}})
		events := e.Subscribe(0)
		x := r.add(e, s.spec(swarm.NewMemory(s.geometry.Length), list(at(seed))))
		time.Sleep(time.Minute)
		require.Empty(t, x.Peers())
		require.NotZero(t, countEvents[PeerBlocked](events))
		c, err := r.network.Host("10.0.0.2", link).DialContext(t.Context(), "tcp", e.Addrs()[0].String())
		require.NoError(t, err)
		_, err = handshake.Initiate(t.Context(), c, handshake.Handshake{InfoHash: s.id}, handshake.Options{})
		require.Error(t, err)
		c.Close()
	})
}

// asleep is a Picker that wants nothing.
type asleep struct{ swarm.Picker }

func (asleep) Join(swarm.Peer, swarm.Bitfield) {}
func (asleep) Have(swarm.Peer, int, bool)      {}
func (asleep) Leave(swarm.Peer)                {}
func (asleep) Wants(swarm.Peer) bool           { return false }

// TestBitfieldOfMillions is longer than a reader's buffer.
func TestBitfieldOfMillions(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		s := &sample{id: swarm.ID{1}, geometry: swarm.Geometry{Length: 3_000_000 * 16384, PieceLength: 16384}}
		e := r.engine("10.0.0.1", simnet.Link{}, Config{})
		x := r.add(e, Spec{Swarms: []swarm.ID{s.id}, Geometry: s.geometry, Verify: s.verify, Storage: swarm.NewMemory(0), NewPicker: func() swarm.Picker { return asleep{} }})
		a := r.dialAs("a", e, s)
		have := s.all()
		have.Clear(7)
		a.send(peerwire.Message{Kind: peerwire.KeepAlive}, peerwire.Message{Kind: peerwire.Bitfield, Data: have}, peerwire.Message{Kind: peerwire.Have, Piece: 7})
		time.Sleep(time.Second)
		require.Len(t, x.Peers(), 1)
		require.Equal(t, 3_000_000, x.Peers()[0].Pieces)
	})
}

// TestHashThatNobodyHas is a handshake for a torrent that is not here.
func TestHashThatNobodyHas(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		e := r.engine("10.0.0.1", link, Config{})
		c, err := r.network.Host("10.0.0.2", link).DialContext(t.Context(), "tcp", e.Addrs()[0].String())
		require.NoError(t, err)
		defer c.Close()
		_, err = handshake.Initiate(t.Context(), c, handshake.Handshake{InfoHash: [20]byte{1}}, handshake.Options{})
		require.Error(t, err)
		require.False(t, errors.Is(err, context.DeadlineExceeded), "it is told at once")
	})
}
