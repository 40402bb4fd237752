package magnet

import (
	"bytes"
	"errors"
	"net/netip"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/shoal-bt/shoal/peerwire"
	"github.com/shoal-bt/shoal/protocol/extension"
	"github.com/shoal-bt/shoal/swarm"
	"github.com/stretchr/testify/require"
)

// A listener is an extension.Conn that notes what is sent.
type listener struct {
	peer     swarm.Peer
	addr     netip.AddrPort
	uploaded int

	mu  sync.Mutex
	got []peerwire.MetadataMessage
}

func (l *listener) Peer() swarm.Peer               { return l.peer }
func (l *listener) Swarm() swarm.ID                { return swarm.ID{} }
func (l *listener) Addr() netip.AddrPort           { return l.addr }
func (l *listener) Outgoing() bool                 { return false }
func (l *listener) Found(...swarm.Address)         {}
func (l *listener) Peers(func(swarm.Address) bool) {}
func (l *listener) CountIgnored(int)               {}
func (l *listener) CountUpload(n int)              { l.uploaded += n }
func (l *listener) Send(body []byte) bool          { l.note(body); return true }
func (l *listener) take() []peerwire.MetadataMessage {
	l.mu.Lock()
	defer l.mu.Unlock()
	got := l.got
	l.got = nil
	return got
}
func (l *listener) note(body []byte) {
	m, err := peerwire.ParseMetadata(bytes.Clone(body))
	if err != nil {
		panic(err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.got = append(l.got, m)
}

// A slowReader reads info, each call in a second.
type slowReader struct {
	info  []byte
	fails bool

	mu    sync.Mutex
	order []int64
}

// pieces returns what was read, in that order.
func (r *slowReader) pieces() []int64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.order
}

func (r *slowReader) ReadAt(p []byte, off int64) (int, error) {
	time.Sleep(time.Second)
	r.mu.Lock()
	r.order = append(r.order, off/peerwire.MetadataPieceLen)
	r.mu.Unlock()
	if r.fails {
		return 0, errors.New("the file is gone")
	}
	return bytes.NewReader(r.info).ReadAt(p, off)
}

// serve returns the sessions of two peers.
func serve(t *testing.T, r *slowReader) (conns [2]*listener, sessions [2]extension.Session) {
	conns = [2]*listener{{peer: 1}, {peer: 2}}
	say := func(p swarm.Peer, body []byte) { conns[p-1].note(body) }
	e := Serve(len(r.info), r)(extension.Torrent{Say: say, Private: true})
	require.Equal(t, "ut_metadata", e.Name())
	var hello peerwire.ExtendedHandshake
	e.Hello(&hello)
	require.Equal(t, len(r.info), hello.MetadataSize)
	for i, c := range conns {
		sessions[i] = e.Open(time.Now(), c, &hello)
		sessions[i].Hello(time.Now(), &hello)
		sessions[i].Tick(time.Now())
	}
	return conns, sessions
}

// request sends a request for a piece of metadata.
func request(t *testing.T, s extension.Session, piece int) {
	body := peerwire.MetadataMessage{Type: peerwire.MetadataRequest, Piece: piece}.AppendTo(nil)
	require.NoError(t, s.Message(time.Now(), body))
}

func TestServe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &slowReader{info: randomInfo(40_000)}
		conns, sessions := serve(t, r)
		request(t, sessions[0], 0)
		synctest.Wait() // until it is being read
		request(t, sessions[0], 1)
		request(t, sessions[0], 2)
		request(t, sessions[1], 0)
		time.Sleep(time.Minute)
		require.Equal(t, []int64{0, 1, 0, 2}, r.pieces(), "peers take turns")
		var got []byte
		for i, m := range conns[0].take() {
			require.Equal(t, peerwire.MetadataData, m.Type)
			require.Equal(t, i, m.Piece)
			require.Equal(t, 40_000, m.TotalSize)
			got = append(got, m.Data...)
		}
		require.Equal(t, r.info, got)
		require.Len(t, conns[1].take(), 1)
		require.Equal(t, 40_000, conns[0].uploaded)
		require.Equal(t, peerwire.MetadataPieceLen, conns[1].uploaded)

		// Pieces that do not exist are rejected, other messages ignored.
		for _, piece := range []int{3, 100_000} {
			request(t, sessions[0], piece)
			require.Equal(t, []peerwire.MetadataMessage{{Type: peerwire.MetadataReject, Piece: piece}}, conns[0].take())
		}
		require.NoError(t, sessions[0].Message(time.Now(), []byte("d8:msg_typei9ee")))
		require.NoError(t, sessions[0].Message(time.Now(), []byte("d8:msg_typei1e5:piecei0eex")))
		require.Error(t, sessions[0].Message(time.Now(), []byte("x")))
		require.Empty(t, conns[0].take())
	})
}

// A peer that comes back gets no more than one that stays, also from another address of its
// /64. Ten minutes later it may ask again.
func TestPeerThatComesBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &slowReader{info: randomInfo(100)}
		conns, _ := serve(t, r)
		e := Serve(len(r.info), r)(extension.Torrent{Say: func(p swarm.Peer, body []byte) { conns[0].note(body) }})
		count := func(addr string) (sent int) {
			for range 5 {
				c := &listener{peer: 1, addr: netip.MustParseAddrPort(addr)}
				s := e.Open(time.Now(), c, &peerwire.ExtendedHandshake{})
				request(t, s, 0)
				time.Sleep(2 * time.Second)
				sent += len(conns[0].take())
				s.Close()
			}
			return sent
		}
		require.Equal(t, 3, count("192.0.2.1:1"))
		require.Zero(t, count("192.0.2.1:2"))
		require.Equal(t, 3, count("192.0.2.2:1"))
		require.Equal(t, 3, count("[2001:db8::1]:1"))
		require.Zero(t, count("[2001:db8::2]:1"))
		require.Equal(t, 5, count("10.0.0.1:1"), "many may share it")
		time.Sleep(sentMemory)
		require.Equal(t, 3, count("192.0.2.1:1"))
	})
}

// What is remembered is bounded.
func TestSentCountsAreBounded(t *testing.T) {
	var s sentCounts
	for i := range maxSentCounts + 10 {
		s.of(time.Now(), netip.AddrFrom4([4]byte{192, 0, byte(i >> 8), byte(i)}))
	}
	require.Len(t, s.all, maxSentCounts)
	require.Len(t, s.order, maxSentCounts)
}

// Without a way to answer there is no extension, so that a request cannot end the program.
func TestServeWithoutSay(t *testing.T) {
	require.Nil(t, Serve(1, &slowReader{info: []byte("x")})(extension.Torrent{}))
}

// A storm of requests has each piece sent three times, to each peer.
func TestStormOfRequests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &slowReader{info: randomInfo(30 * peerwire.MetadataPieceLen)}
		conns, sessions := serve(t, r)
		for range 10 {
			for piece := range 30 {
				request(t, sessions[0], piece)
			}
		}
		request(t, sessions[1], 0)
		time.Sleep(4 * time.Second)
		require.Len(t, conns[1].take(), 1, "others wait for a turn, not for the storm")
		time.Sleep(time.Hour)
		for range 10 {
			for piece := range 30 {
				request(t, sessions[0], piece)
			}
			time.Sleep(time.Hour)
		}
		sent, rejected := map[int]int{}, 0
		for _, m := range conns[0].take() {
			if m.Type == peerwire.MetadataReject {
				rejected++
				continue
			}
			sent[m.Piece]++
		}
		for piece := range 30 {
			require.Equal(t, 3, sent[piece])
		}
		require.Equal(t, 600-90, rejected)
	})
}

// Of one peer 64 requests wait, and others are rejected at once.
func TestRequestsThatWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &slowReader{info: randomInfo(100 * peerwire.MetadataPieceLen)}
		conns, sessions := serve(t, r)
		request(t, sessions[0], 0)
		synctest.Wait() // until it is being read
		for piece := 1; piece < 100; piece++ {
			request(t, sessions[0], piece)
		}
		require.Len(t, conns[0].take(), 99-maxWaiting)
		time.Sleep(time.Hour)
		require.Len(t, conns[0].take(), 1+maxWaiting)
	})
}

// What cannot be read is rejected, and who has left gets nothing.
func TestServeFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &slowReader{info: randomInfo(40_000), fails: true}
		conns, sessions := serve(t, r)
		request(t, sessions[0], 1)
		time.Sleep(time.Minute)
		require.Equal(t, []peerwire.MetadataMessage{{Type: peerwire.MetadataReject, Piece: 1}}, conns[0].take())
		request(t, sessions[0], 0)
		request(t, sessions[0], 1)
		sessions[0].Close()
		time.Sleep(time.Minute)
		require.Empty(t, conns[0].take())
		require.LessOrEqual(t, len(r.pieces()), 2)
	})
}

// FuzzServe has a peer send arbitrary messages. It never gets a piece more than three times.
func FuzzServe(f *testing.F) {
	f.Add([]byte("d8:msg_typei0e5:piecei0ee"), uint16(1))
	f.Add([]byte("d8:msg_typei0e5:piecei131071ee"), uint16(40_000))
	f.Fuzz(func(t *testing.T, body []byte, size uint16) {
		synctest.Test(t, func(t *testing.T) {
			r := &slowReader{info: randomInfo(int(size))}
			conns, sessions := serve(t, r)
			for range 10 {
				if sessions[0].Message(time.Now(), body) != nil {
					break
				}
			}
			time.Sleep(time.Minute)
			sent := 0
			for _, m := range conns[0].take() {
				if m.Type == peerwire.MetadataData {
					sent++
				}
			}
			if sent > maxServed || (sent > 0) != (conns[0].uploaded > 0) {
				t.Fatalf("%d times sent, %d bytes counted", sent, conns[0].uploaded)
			}
		})
	})
}
