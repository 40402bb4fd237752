package protocol

import (
	"fmt"
	"slices"
	"strings"

	"github.com/shoal-bt/shoal/peerwire"
	"github.com/shoal-bt/shoal/protocol/pieces"
	"github.com/shoal-bt/shoal/protocol/report"
	"github.com/shoal-bt/shoal/swarm"
	"github.com/stretchr/testify/require"
)

// carryOut writes down what the State wants done, in the place of an engine.
func (w *world) carryOut(turn Turn) {
	for _, e := range turn.Effects {
		w.effect(e)
	}
	for _, o := range turn.Out {
		if w.conns[o.Peer] != nil {
			w.deliver(o)
		}
	}
}

func (w *world) effect(e Effect) {
	switch e := e.(type) {
	case Accept:
		w.conns[e.Peer].accepted = true
	case Hangup:
		w.hangup(e)
	case Dial:
		what := ""
		if e.Swarm > 0 {
			what = fmt.Sprintf(" in swarm %d", e.Swarm)
		}
		w.say("dial %v%s", e.Addr, what)
	case Check:
		w.begin(e)
	case Spill:
		w.spills = append(w.spills, e)
		w.say("spill %d: %v", e.Piece, e.Numbers)
	case Hurry:
	case Report:
		lost, ok := e.Event.(report.PeerLost)
		if ok && w.ends != nil {
			w.ends(lost)
		}
		w.say("event %s", describe(e.Event))
	case Announce:
		a := w.s.Announcement()
		what := e.Event.String()
		if e.Soon {
			what = "soon"
			if e.Asked {
				what = "soon, as asked"
			}
			if a.Event != swarm.None {
				what += ", " + a.Event.String()
			}
		}
		w.say("announce %s: left %d, down %d, want %d", what, a.Left, a.Downloaded, a.Want)
	case CheckStored:
		w.say("read %d pieces", e.Pieces.Count())
	case Complete:
		what := "sync of what is wanted"
		if e.All {
			what = "sync"
		}
		w.say("%s", what)
	case Idle:
		w.say("idle")
	case DHTNode:
		w.say("node of the DHT at %v", e.Addr)
	case Answer:
		w.ended[e.Ticket] = e.Err
	default:
		w.t.Fatalf("%s: unknown effect %T", w.place, e)
	}
}

// hangup closes a connection. One that was not accepted is gone at once; of others a
// reader reports the end.
func (w *world) hangup(e Hangup) {
	c := w.conns[e.Peer]
	switch {
	case c == nil:
	case !c.accepted:
		w.say("refuse %d", e.Peer)
		delete(w.conns, e.Peer)
	case w.s.peers[e.Peer] != nil:
		w.say("close %d: %v", e.Peer, e.Why)
	}
}

// begin begins the check of a piece or a section.
func (w *world) begin(e Check) {
	for _, j := range w.jobs {
		require.NotEqual(w.t, j.Serial, e.Serial, "%s: piece %d is checked twice at a time", w.place, e.Piece)
	}
	for _, j := range w.hashed {
		isBehind := e.Section && e.From >= j.From+len(j.Blocks)
		require.True(w.t, isBehind || j.Serial != e.Serial, "%s: blocks of piece %d are checked while they are written", w.place, e.Piece)
	}
	w.jobs = append(w.jobs, e)
	switch {
	case e.Section && e.Soon:
		w.say("hash %d: %d blocks from %d on; another section follows", e.Piece, len(e.Blocks), e.From)
	case e.Section:
		w.say("hash %d: %d blocks from %d on", e.Piece, len(e.Blocks), e.From)
	case e.From > 0:
		w.say("check %d: %d blocks in memory, from %d on", e.Piece, pieces.CountBuffers(e.Blocks), e.From)
	default:
		w.say("check %d: %d blocks in memory", e.Piece, pieces.CountBuffers(e.Blocks))
	}
}

// describe is an event without what all events of a transcript have alike.
func describe(e Event) string {
	switch e := e.(type) {
	case report.Completed:
		if !e.All {
			return "Completed: what is wanted"
		}
	case report.Added:
		return fmt.Sprintf("Added: %d of %d", e.Held, e.Pieces)
	case report.PieceFailed:
		return fmt.Sprintf("PieceFailed: %d from %v", e.Piece, e.Senders)
	case report.PeerLost:
		return fmt.Sprintf("PeerLost: %v: %v", e.Addr, e.Err)
	case report.PeerFailed:
		return fmt.Sprintf("PeerFailed: %v: %v", e.Addr, e.Err)
	case report.PeerConnected:
		return fmt.Sprintf("PeerConnected: %v", e.Addr)
	case report.PeerBanned:
		return fmt.Sprintf("PeerBanned: %v", e.Addr)
	case report.Piece:
		return fmt.Sprintf("Piece: %d", e.Piece)
	case report.Held:
		return fmt.Sprintf("Held: %d", e.Piece)
	case report.Checking:
		return fmt.Sprintf("Checking: %d of %d", e.Done, e.Total)
	case report.Failed:
		return fmt.Sprintf("Failed: %v", e.Err)
	case report.Warning:
		return fmt.Sprintf("Warning: %v", e.Err)
	}
	return strings.TrimPrefix(fmt.Sprintf("%T", e), "report.")
}

// deliver writes down the messages to a peer and the blocks to serve, which are sent at
// once.
func (w *world) deliver(o *Outbox) {
	g, c := *w.setup.Geometry, w.conns[o.Peer]
	d := peerwire.NewDecoder(peerwire.Limits{Geometry: g, Fast: c.fast})
	var requests []string
	done := func() {
		if requests != nil {
			w.say("to %d: request %s", o.Peer, strings.Join(requests, " "))
			requests = nil
		}
	}
	for b := o.Bytes; len(b) > 0; {
		m, n, _, err := d.Decode(b)
		require.NoError(w.t, err, w.place)
		require.NotZero(w.t, n, w.place)
		b = b[n:]
		if m.Kind == peerwire.Request {
			w.mayRequest(w.s.peers[o.Peer], m.Block)
			requests = append(requests, brief(g, m.Block))
			continue
		}
		done()
		w.say("to %d: %s", o.Peer, spell(g, m))
	}
	done()
	if o.Clear {
		w.say("serve %d: nothing of what waits", o.Peer)
	}
	for _, b := range o.Cancel {
		w.say("serve %d: not %s", o.Peer, brief(g, b))
	}
	for _, b := range o.Serve {
		w.say("serve %d: %s", o.Peer, brief(g, b))
	}
	c.line.Deliver(o)
	out, blocks := c.line.Take(nil, nil, maxServing, 1<<30)
	c.tally.Sent(len(blocks))
	c.answered(w, out, blocks)
}

// answered notes the requests that are answered: by a block, or by a reject among the
// messages.
func (c *conn) answered(w *world, out []byte, blocks []swarm.Block) {
	d := peerwire.NewDecoder(peerwire.Limits{Geometry: *w.setup.Geometry, Fast: true})
	for len(out) > 0 {
		m, n, _, err := d.Decode(out)
		require.NoError(w.t, err, w.place)
		out = out[n:]
		if m.Kind == peerwire.Reject {
			require.True(w.t, c.fast, "%s: a reject to a peer that does not know it", w.place)
			blocks = append(blocks, m.Block)
		}
	}
	for _, b := range blocks {
		if c.asked[b] > 0 { // what cannot be read is rejected after we took it for sent
			c.asked[b]--
		}
	}
}

// mayRequest checks that a peer can be asked for a block.
func (w *world) mayRequest(p *peer, b swarm.Block) {
	switch {
	case !p.Has.Has(b.Piece, w.s.n):
		w.t.Fatalf("%s: peer %d is asked for piece %d, which it does not have", w.place, p.ID, b.Piece)
	case !w.s.wanted.Has(b.Piece):
		w.t.Fatalf("%s: peer %d is asked for piece %d, which is not wanted", w.place, p.ID, b.Piece)
	case w.s.have.Has(b.Piece):
		w.t.Fatalf("%s: peer %d is asked for piece %d, which is held", w.place, p.ID, b.Piece)
	case p.Choking && !slices.Contains(p.Allowed, b.Piece):
		w.t.Fatalf("%s: peer %d is asked for piece %d while it chokes us", w.place, p.ID, b.Piece)
	case !p.AmInterested:
		w.t.Fatalf("%s: peer %d is asked though we said no interest", w.place, p.ID)
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
	case peerwire.Port:
		return fmt.Sprintf("port %d", m.Port)
	case peerwire.Extended:
		if m.ExtID != extHandshake {
			return fmt.Sprintf("extended %d %q", m.ExtID, m.Data)
		}
		return fmt.Sprintf("extended %q", m.Data)
	}
	return m.Kind.String()
}
