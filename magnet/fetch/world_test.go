package fetch

import (
	"container/heap"
	"crypto/sha1"
	"crypto/sha256"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"testing"
	"time"

	"github.com/shoal-bt/shoal/peerwire"
	"github.com/shoal-bt/shoal/swarm"
	"github.com/stretchr/testify/require"
)

// A remote is a simulated peer.
type remote struct {
	delay  time.Duration // one way
	rate   int           // bytes of metadata per second; 0 for no limit
	size   int           // metadata_size; 0 for that of info, negative for none
	info   []byte        // what it sends
	slow   bool          // no fast extension
	reject bool          // rejects each request
	mute   bool          // never answers requests
	leaves int           // after that many pieces; 0 for never

	id       swarm.Peer
	free     time.Time // when its line is free again
	number   uint8     // of the fetch, for ut_metadata
	got      []peerwire.Message
	answered int
	gone     bool
}

// A world runs a State and its peers on a simulated clock.
type world struct {
	t      *testing.T
	now    time.Time
	s      *State
	peers  map[swarm.Peer]*remote
	events events
	serial int
	closed map[swarm.Peer]error
	banned map[swarm.Peer]bool
	turn   Turn // the last with Info or Err
	most   int  // bytes of pieces that were held at most
}

type event struct {
	at     time.Time
	serial int
	run    func()
}

type events []event

func (e events) Len() int { return len(e) }
func (e events) Less(i, j int) bool {
	return e[i].at.Before(e[j].at) || (e[i].at.Equal(e[j].at) && e[i].serial < e[j].serial)
}
func (e events) Swap(i, j int) { e[i], e[j] = e[j], e[i] }
func (e *events) Push(x any)   { *e = append(*e, x.(event)) }
func (e *events) Pop() any {
	last := (*e)[len(*e)-1]
	*e = (*e)[:len(*e)-1]
	return last
}

// randomInfo returns size bytes that stand for an info dictionary.
func randomInfo(size int) []byte {
	random := rand.NewChaCha8([32]byte{byte(size)})
	info := make([]byte, size)
	random.Read(info)
	return info
}

// spoiled returns info with a wrong byte in the middle.
func spoiled(info []byte) []byte {
	wrong := append([]byte(nil), info...)
	wrong[len(wrong)/2] ^= 1
	return wrong
}

func newWorld(t *testing.T, info []byte) *world {
	return configuredWorld(t, Config{HashV1: sha1.Sum(info), HashV2: sha256.Sum256(info), UserAgent: "test", Port: 1})
}

func configuredWorld(t *testing.T, c Config) *world {
	return &world{
		t:      t,
		now:    time.Unix(1e9, 0),
		s:      New(c),
		peers:  make(map[swarm.Peer]*remote),
		closed: make(map[swarm.Peer]error),
		banned: make(map[swarm.Peer]bool),
	}
}

func (w *world) after(d time.Duration, run func()) {
	w.serial++
	heap.Push(&w.events, event{w.now.Add(d), w.serial, run})
}

// addrOf returns the address of a peer.
func addrOf(id swarm.Peer) netip.AddrPort {
	return netip.AddrPortFrom(netip.AddrFrom4([4]byte{192, 0, byte(id >> 8), byte(id)}), 6881)
}

// add connects a peer. Two round trips after now its handshakes are here.
func (w *world) add(r *remote) *remote {
	w.serial++
	r.id = swarm.Peer(w.serial)
	w.peers[r.id] = r
	w.after(4*r.delay, func() {
		w.s.Join(w.now, Joined{Peer: r.id, Addr: addrOf(r.id), Fast: !r.slow, Extended: true})
		hello := peerwire.ExtendedHandshake{M: peerwire.Extensions{peerwire.MetadataName: 3}, MetadataSize: r.size}
		switch {
		case r.size == 0:
			hello.MetadataSize = len(r.info)
		case r.size < 0:
			hello.MetadataSize = 0
		}
		w.s.Receive(w.now, r.id, peerwire.Message{Kind: peerwire.Extended, Data: hello.AppendTo(nil)})
		w.settle()
	})
	return r
}

// settle carries out a turn.
func (w *world) settle() {
	turn := w.s.Settle(w.now)
	held := 0
	for _, a := range w.s.active() {
		held += a.held()
	}
	w.most = max(w.most, held)
	for _, c := range turn.Close {
		w.closed[c.Peer] = c.Why
		w.banned[c.Peer] = w.banned[c.Peer] || c.Ban
		if w.peers[c.Peer] != nil {
			w.peers[c.Peer].gone = true
		}
	}
	for _, send := range turn.Send {
		r := w.peers[send.Peer]
		require.NotNil(w.t, r)
		w.after(r.delay, func() { w.deliver(r, send.Bytes) })
	}
	if turn.Info != nil || turn.Err != nil {
		w.turn = turn
		return
	}
	if !turn.Next.IsZero() {
		at := turn.Next
		w.after(at.Sub(w.now), func() {
			if !w.s.tickAt.IsZero() && !w.s.tickAt.After(w.now) {
				w.settle()
			}
		})
	}
}

// deliver has a peer read what the fetch sent.
func (w *world) deliver(r *remote, b []byte) {
	d := peerwire.NewDecoder(peerwire.Limits{Fast: !r.slow})
	for len(b) > 0 {
		m, n, _, err := d.Decode(b)
		require.NoError(w.t, err)
		require.NotZero(w.t, n, "only whole messages are sent")
		b = b[n:]
		m.Data = append([]byte(nil), m.Data...)
		r.got = append(r.got, m)
		if m.Kind == peerwire.Extended && m.ExtID == 0 {
			hello, err := peerwire.ParseExtendedHandshake(m.Data)
			require.NoError(w.t, err)
			r.number = hello.M[peerwire.MetadataName]
			require.Zero(w.t, hello.MetadataSize)
			continue
		}
		if m.Kind == peerwire.Extended && !r.gone {
			require.EqualValues(w.t, 3, m.ExtID)
			w.answer(r, m.Data)
		}
	}
}

// answer has a peer answer a message of ut_metadata.
func (w *world) answer(r *remote, body []byte) {
	m, err := peerwire.ParseMetadata(body)
	require.NoError(w.t, err)
	if m.Type != peerwire.MetadataRequest || r.mute {
		return
	}
	reply := peerwire.MetadataMessage{Type: peerwire.MetadataReject, Piece: m.Piece}
	if !r.reject {
		begin := m.Piece * peerwire.MetadataPieceLen
		size := max(r.size, 0)
		if size == 0 {
			size = len(r.info)
		}
		require.Less(w.t, begin, size)
		data := make([]byte, pieceLen(size, m.Piece))
		if begin < len(r.info) {
			copy(data, r.info[begin:])
		}
		reply = peerwire.MetadataMessage{Type: peerwire.MetadataData, Piece: m.Piece, TotalSize: size, Data: data}
	}
	if r.rate > 0 {
		r.free = later(r.free, w.now).Add(time.Duration(len(reply.Data)) * time.Second / time.Duration(r.rate))
	}
	at := later(r.free, w.now).Add(r.delay)
	w.after(at.Sub(w.now), func() {
		if r.gone {
			return
		}
		r.answered++
		w.s.Receive(w.now, r.id, peerwire.Message{Kind: peerwire.Extended, ExtID: r.number, Data: reply.AppendTo(nil)})
		if r.leaves > 0 && r.answered >= r.leaves {
			r.gone = true
			w.s.Leave(w.now, r.id)
		}
		w.settle()
	})
}

// run runs the world until the fetch has ended, and returns how long that took. It fails
// the test after limit.
func (w *world) run(limit time.Duration) time.Duration {
	start := w.now
	for w.turn.Info == nil && w.turn.Err == nil {
		require.NotEmpty(w.t, w.events, "nothing will happen any more")
		e := heap.Pop(&w.events).(event)
		require.False(w.t, e.at.Before(w.now))
		w.now = e.at
		require.LessOrEqual(w.t, w.now.Sub(start), limit, "the fetch has not ended: %+v", w.s.Progress())
		e.run()
	}
	return w.now.Sub(start)
}

// runFor runs the world for a while.
func (w *world) runFor(d time.Duration) {
	end := w.now.Add(d)
	for len(w.events) > 0 && !w.events[0].at.After(end) {
		e := heap.Pop(&w.events).(event)
		w.now = e.at
		e.run()
	}
	w.now = end
}

// requests returns how many requests for metadata a peer got, by piece.
func (r *remote) requests() map[int]int {
	n := make(map[int]int)
	for _, m := range r.got {
		if m.Kind != peerwire.Extended || m.ExtID == 0 {
			continue
		}
		body, err := peerwire.ParseMetadata(m.Data)
		if err == nil && body.Type == peerwire.MetadataRequest {
			n[body.Piece]++
		}
	}
	return n
}

func (w *world) String() string { return fmt.Sprintf("%v %v", w.closed, w.banned) }
