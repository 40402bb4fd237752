// Package revealtest is the suite of revealing.Revealer: what every implementation must
// do. In comes a function that makes a Revealer; failures go to the testing.T.
package revealtest

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/shoal-bt/shoal/protocol/revealing"
	"github.com/shoal-bt/shoal/swarm"
)

// longEnough is the simulated time in which a peer must be shown another piece.
const longEnough = 5 * time.Minute

// Run tests the Revealers that makeNew makes, each for a torrent with the given number of pieces.
func Run(t *testing.T, makeNew func(pieces int) revealing.Revealer) {
	t.Run("a peer that is alone is shown every piece at once", func(t *testing.T) {
		m := newModel(t, makeNew(20), 20)
		for range 20 {
			m.reveal(1)
			m.getAll(1)
		}
		m.requireAll(1)
	})
	t.Run("a peer that gets nothing keeps no piece from another", func(t *testing.T) {
		m := newModel(t, makeNew(10), 10)
		for range 200 {
			m.now = m.now.Add(longEnough)
			m.reveal(1)
			m.reveal(2)
			m.getAll(2)
		}
		m.requireAll(2)
	})
	t.Run("peers that pass nothing on are shown every piece all the same", func(t *testing.T) {
		m := newModel(t, makeNew(10), 10)
		for range 200 {
			m.now = m.now.Add(longEnough)
			for p := range swarm.Peer(5) {
				m.reveal(p)
				m.getAll(p)
			}
		}
		for p := range swarm.Peer(5) {
			m.requireAll(p)
		}
	})
	t.Run("who comes when others have everything is shown every piece", func(t *testing.T) {
		m := newModel(t, makeNew(10), 10)
		for p := range swarm.Peer(3) {
			for i := range 10 {
				m.get(p, i)
			}
		}
		for range 200 {
			m.now = m.now.Add(longEnough)
			m.reveal(7)
			m.getAll(7)
		}
		m.requireAll(7)
	})
	for seed := range uint64(20) {
		t.Run(fmt.Sprintf("events by chance %d", seed), func(t *testing.T) {
			n := 1 + int(seed)*3
			m := newModel(t, makeNew(n), n)
			r := rand.New(rand.NewPCG(seed, 0))
			events := make([]byte, 2000)
			for i := range events {
				events[i] = byte(r.Uint32())
			}
			m.replay(events)
		})
	}
}

// Replay has events decided by bytes, for a fuzz target.
func Replay(t *testing.T, makeNew func(pieces int) revealing.Revealer, data []byte) {
	if len(data) == 0 {
		return
	}
	n := 1 + int(data[0])%40
	newModel(t, makeNew(n), n).replay(data[1:])
}

// A model is a Revealer, and what must hold of it.
type model struct {
	t     *testing.T
	r     revealing.Revealer
	n     int
	now   time.Time
	has   map[swarm.Peer]swarm.Bitfield
	shown map[swarm.Peer]swarm.Bitfield
}

func newModel(t *testing.T, r revealing.Revealer, n int) *model {
	return &model{
		t:     t,
		r:     r,
		n:     n,
		now:   time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC),
		has:   make(map[swarm.Peer]swarm.Bitfield),
		shown: make(map[swarm.Peer]swarm.Bitfield),
	}
}

func (m *model) join(p swarm.Peer) {
	if m.has[p] == nil {
		m.has[p], m.shown[p] = swarm.NewBitfield(m.n), swarm.NewBitfield(m.n)
	}
}

// reveal asks for pieces, and checks them.
func (m *model) reveal(p swarm.Peer) {
	m.t.Helper()
	m.join(p)
	const before = -7
	all := m.r.Reveal([]int{before}, m.now, p, m.has[p])
	if len(all) == 0 || all[0] != before {
		m.t.Fatal("Reveal must append to dst")
	}
	for _, i := range all[1:] {
		switch {
		case i < 0 || i >= m.n:
			m.t.Fatalf("peer %d was shown piece %d of %d", p, i, m.n)
		case m.has[p].Has(i):
			m.t.Fatalf("peer %d was shown piece %d, which it has", p, i)
		case m.shown[p].Has(i):
			m.t.Fatalf("peer %d was shown piece %d twice", p, i)
		}
		m.shown[p].Set(i)
	}
}

// get gives a peer a piece.
func (m *model) get(p swarm.Peer, i int) {
	m.join(p)
	if !m.has[p].Has(i) {
		m.has[p].Set(i)
		m.r.Seen(m.now, p, i)
	}
}

// getAll gives a peer all pieces that it was shown.
func (m *model) getAll(p swarm.Peer) {
	for i := range m.n {
		if m.shown[p].Has(i) {
			m.get(p, i)
		}
	}
}

func (m *model) requireAll(p swarm.Peer) {
	m.t.Helper()
	if n := m.has[p].Count(); n != m.n {
		m.t.Fatalf("peer %d got %d of %d pieces", p, n, m.n)
	}
}

// replay carries out events, and then has one more peer get everything.
func (m *model) replay(events []byte) {
	for len(events) >= 2 {
		p, x := swarm.Peer(events[0]>>3), int(events[1])
		switch events[0] & 7 {
		case 0, 1, 2:
			m.reveal(p)
		case 3, 4:
			m.reveal(p)
			m.getAll(p)
		case 5:
			m.get(p, x%m.n)
		case 6:
			m.r.Leave(p)
			delete(m.has, p)
			delete(m.shown, p)
		case 7:
			m.now = m.now.Add(time.Duration(x) * time.Second)
		}
		events = events[2:]
	}
	const last = 1000
	for range 50 * m.n {
		m.now = m.now.Add(longEnough)
		m.reveal(last)
		m.getAll(last)
	}
	m.requireAll(last)
}
