package protocol_test

import (
	"fmt"
	"time"

	"github.com/shoal-bt/shoal/peerwire"
	"github.com/shoal-bt/shoal/piecepicker"
	"github.com/shoal-bt/shoal/protocol"
	"github.com/shoal-bt/shoal/protocol/report"
	"github.com/shoal-bt/shoal/swarm"
)

// Two States, each with one of two pieces, download from each other without a socket.
func Example() {
	g := swarm.Geometry{Length: 4 * swarm.BlockLen, PieceLength: 2 * swarm.BlockLen}
	now, states, tallies := time.Unix(0, 0), [2]*protocol.State{}, [2]protocol.Tally{}
	for i := range states {
		config := &protocol.Config{PeerID: swarm.PeerID{byte(i)}, Events: report.OnCompleted}
		picker := func() swarm.Picker { return piecepicker.New(g) }
		states[i] = protocol.New(now, protocol.Setup{Swarms: []swarm.ID{{1}}, Geometry: &g, Config: config, NewPicker: picker, Have: swarm.Bitfield{0x80 >> i}})
		states[i].Apply(now, protocol.Start{})
		states[i].Apply(now, protocol.Joined{Peer: 1, ID: swarm.PeerID{byte(1 - i)}, Tally: &tallies[i]})
	}
	for range 20 {
		now = now.Add(100 * time.Millisecond)
		for i, s := range states {
			s.Apply(now, protocol.Tick{})
			turn := s.Settle(now)
			for _, o := range turn.Out { // the other side reads what this one writes
				tallies[i].Sent(len(o.Serve))
				states[1-i].Apply(now, &protocol.Received{Peer: 1, Messages: read(g, o, &tallies[1-i])})
			}
			var next []protocol.Input
			for _, e := range turn.Effects {
				switch e := e.(type) {
				case protocol.Check: // hashing and writing would go here
					next = append(next, protocol.CheckResult{Piece: e.Piece, Serial: e.Serial, Blocks: e.Blocks, OK: true})
				case protocol.Complete: // and a sync
					next = append(next, protocol.Synced{})
				case protocol.Report:
					fmt.Printf("state %d: %T\n", i, e.Event)
				}
			}
			for _, in := range next {
				s.Apply(now, in)
			}
		}
	}
	// Output:
	// state 1: report.Completed
	// state 0: report.Completed
}

// read decodes an Outbox and adds the blocks, which are zeros here.
func read(g swarm.Geometry, o *protocol.Outbox, t *protocol.Tally) (all []peerwire.Message) {
	d := peerwire.NewDecoder(peerwire.Limits{Geometry: g})
	for b := o.Bytes; len(b) > 0; {
		m, n, _, _ := d.Decode(b)
		all, b = append(all, m), b[n:]
	}
	for _, b := range o.Serve {
		if t.Admit(b.Length) {
			all = append(all, peerwire.Message{Kind: peerwire.Piece, Block: b, Data: make([]byte, b.Length)})
		}
	}
	return all
}
