package engine

import (
	"fmt"
	"slices"
	"strings"

	"github.com/shoal-bt/shoal/peerwire"
	"github.com/shoal-bt/shoal/swarm"
	"github.com/stretchr/testify/require"
)

// flush writes down what the state asks for, in the place of Torrent.flush.
func (w *world) flush() {
	s := w.s
	for i := 0; i < len(s.effects); i++ {
		w.effect(s.effects[i])
	}
	clear(s.effects)
	s.effects = s.effects[:0]
	for _, p := range s.dirty {
		if c := w.conns[p.id]; c != nil && !p.closing {
			w.deliver(p)
		}
		p.out, p.serve, p.cancel = p.out[:0], p.serve[:0], p.cancel[:0]
		p.clear, p.isDirty = false, false
	}
	clear(s.dirty)
	s.dirty = s.dirty[:0]
}

func (w *world) effect(e effect) {
	switch e := e.(type) {
	case startConn:
	case closeConn:
		if p := w.s.peers[e.peer]; p != nil {
			w.say("close %d: %v", e.peer, p.closeErr)
		}
	case refuseConn:
		w.say("refuse %d", e.conn.id)
		delete(w.conns, e.conn.id)
	case dial:
		what := ""
		if e.swarm > 0 {
			what = fmt.Sprintf(" in swarm %d", e.swarm)
		}
		w.say("dial %v%s", e.addr, what)
	case check:
		for _, j := range w.jobs {
			require.NotSame(w.t, j.asm, e.job.asm, "%s: piece %d is checked twice at a time", w.place, e.job.piece)
		}
		w.jobs = append(w.jobs, e.job)
		switch j := e.job; {
		case j.section:
			w.say("hash %d: %d blocks from %d on", j.piece, len(j.blocks), j.from)
		case j.from > 0:
			w.say("check %d: %d blocks in memory, from %d on", j.piece, count(j.blocks), j.from)
		default:
			w.say("check %d: %d blocks in memory", j.piece, count(j.blocks))
		}
	case spill:
		w.spills = append(w.spills, e)
		w.say("spill %d: %v", e.asm.piece, e.numbers)
	case hurry:
	case emit:
		w.say("event %s", describe(e.event))
	case announce:
		a := w.s.announcement()
		what := e.event.String()
		if e.soon {
			what = "soon"
			if e.asked {
				what = "soon, as asked"
			}
		}
		w.say("tell %s: left %d, down %d, want %d", what, a.Left, a.Downloaded, a.Want)
	case readStored:
		w.say("read %d pieces", e.pieces.Count())
	case rest:
		w.say("rest")
	default:
		w.t.Fatalf("%s: unknown effect %T", w.place, e)
	}
}

// describe is an event without what all events of a transcript have alike.
func describe(e Event) string {
	switch e := e.(type) {
	case Added:
		return fmt.Sprintf("Added: %d of %d", e.Held, e.Pieces)
	case PieceFailed:
		return fmt.Sprintf("PieceFailed: %d from %v", e.Piece, e.Senders)
	case PeerLost:
		return fmt.Sprintf("PeerLost: %v: %v", e.Addr, e.Err)
	case PeerFailed:
		return fmt.Sprintf("PeerFailed: %v: %v", e.Addr, e.Err)
	case PeerConnected:
		return fmt.Sprintf("PeerConnected: %v", e.Addr)
	case PeerBanned:
		return fmt.Sprintf("PeerBanned: %v", e.Addr)
	case Piece:
		return fmt.Sprintf("Piece: %d", e.Piece)
	case Held:
		return fmt.Sprintf("Held: %d", e.Piece)
	case Checking:
		return fmt.Sprintf("Checking: %d of %d", e.Done, e.Total)
	case Failed:
		return fmt.Sprintf("Failed: %v", e.Err)
	case Warning:
		return fmt.Sprintf("Warning: %v", e.Err)
	}
	return strings.TrimPrefix(fmt.Sprintf("%T", e), "engine.")
}

// deliver writes down the messages to a peer and the blocks to serve.
func (w *world) deliver(p *peerState) {
	d := peerwire.NewDecoder(peerwire.Limits{Geometry: w.spec.Geometry, Fast: p.fast})
	var requests []string
	done := func() {
		if requests != nil {
			w.say("to %d: request %s", p.id, strings.Join(requests, " "))
			requests = nil
		}
	}
	for b := p.out; len(b) > 0; {
		m, n, _, err := d.Decode(b)
		require.NoError(w.t, err, w.place)
		require.NotZero(w.t, n, w.place)
		b = b[n:]
		if m.Kind == peerwire.Request {
			w.mayRequest(p, m.Block)
			requests = append(requests, brief(w.spec.Geometry, m.Block))
			continue
		}
		done()
		w.say("to %d: %s", p.id, spell(w.spec.Geometry, m))
	}
	done()
	if p.clear {
		w.say("serve %d: nothing of what waits", p.id)
	}
	for _, b := range p.cancel {
		w.say("serve %d: not %s", p.id, brief(w.spec.Geometry, b))
	}
	for _, b := range p.serve {
		w.say("serve %d: %s", p.id, brief(w.spec.Geometry, b))
		p.tally.queued.Add(-1) // sent at once
	}
}

// mayRequest checks that a peer can be asked for a block.
func (w *world) mayRequest(p *peerState, b swarm.Block) {
	switch {
	case !p.has(b.Piece, w.s.n):
		w.t.Fatalf("%s: peer %d is asked for piece %d, which it does not have", w.place, p.id, b.Piece)
	case w.s.have.Has(b.Piece):
		w.t.Fatalf("%s: peer %d is asked for piece %d, which is held", w.place, p.id, b.Piece)
	case p.choking && !slices.Contains(p.allowed, b.Piece):
		w.t.Fatalf("%s: peer %d is asked for piece %d while it chokes us", w.place, p.id, b.Piece)
	case !p.amInterested:
		w.t.Fatalf("%s: peer %d is asked though we said no interest", w.place, p.id)
	}
}

// brief is a block in the spelling of world.block.
func brief(g swarm.Geometry, b swarm.Block) string {
	if k := b.Begin / swarm.BlockLen; g.Contains(b) {
		return fmt.Sprintf("%d.%d", b.Piece, k)
	}
	return fmt.Sprintf("%d.%d+%d+%d", b.Piece, b.Begin/swarm.BlockLen, b.Begin%swarm.BlockLen, b.Length)
}

// spell is a message in the spelling of world.message.
func spell(g swarm.Geometry, m peerwire.Message) string {
	switch m.Kind {
	case peerwire.Have, peerwire.AllowedFast, peerwire.Suggest:
		return fmt.Sprintf("%v %d", m.Kind, m.Piece)
	case peerwire.Bitfield:
		text := ""
		for i := range g.Pieces() {
			text += map[bool]string{true: "1", false: "0"}[swarm.Bitfield(m.Data).Has(i)]
		}
		return "bitfield " + text
	case peerwire.Cancel, peerwire.Reject:
		return fmt.Sprintf("%v %s", m.Kind, brief(g, m.Block))
	case peerwire.Extended:
		return fmt.Sprintf("extended %q", m.Data)
	}
	return m.Kind.String()
}
