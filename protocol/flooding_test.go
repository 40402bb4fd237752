package protocol

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/shoal-bt/shoal/peerwire"
	"github.com/shoal-bt/shoal/protocol/allowance"
	"github.com/shoal-bt/shoal/protocol/ending"
	"github.com/shoal-bt/shoal/protocol/report"
	"github.com/shoal-bt/shoal/protocol/requests"
	"github.com/shoal-bt/shoal/swarm"
	"github.com/stretchr/testify/require"
)

// flood has a peer send the same messages n times, in reads of a hundred, and returns how
// often it did until it was left; n if it was not.
func (w *world) flood(id swarm.Peer, n int, messages ...peerwire.Message) int {
	for i := 0; i < n; {
		var all []peerwire.Message
		for range min(100, n-i) {
			for _, m := range messages {
				all = append(all, w.read(id, m))
			}
			i++
		}
		w.happen(&Received{Peer: id, Messages: all})
		w.lines = nil
		if w.s.peers[id].Closing {
			return i
		}
	}
	return n
}

// A peer that only repeats itself is left, whatever it repeats; not before it has sent
// some thousands of cheap messages, or some dozens of costly ones.
func TestFloods(t *testing.T) {
	many, some := allowance.Most-100, 10
	block := swarm.Block{Length: swarm.BlockLen}
	hello := peerwire.ExtendedHandshake{V: strings.Repeat("x", 100)}
	for _, test := range []struct {
		name     string
		start    []string
		messages []peerwire.Message
		least    int // times that are allowed
	}{
		{"keep-alive", []string{"peer 1 joins fast all"}, []peerwire.Message{{Kind: peerwire.KeepAlive}}, many},
		{"choke", []string{"peer 1 joins fast all"}, []peerwire.Message{{Kind: peerwire.Choke}}, many},
		{"unchoke", []string{"peer 1 joins fast all"}, []peerwire.Message{{Kind: peerwire.Unchoke}}, many},
		{"choke and unchoke", []string{"peer 1 joins 1111"}, []peerwire.Message{{Kind: peerwire.Unchoke}, {Kind: peerwire.Choke}}, some},
		{"interested", []string{"peer 1 joins fast none"}, []peerwire.Message{{Kind: peerwire.Interested}}, many},
		{"interested and not", []string{"peer 1 joins fast none"}, []peerwire.Message{{Kind: peerwire.Interested}, {Kind: peerwire.NotInterested}}, many / 2},
		{"have", []string{"peer 1 joins 0100"}, []peerwire.Message{{Kind: peerwire.Have, Piece: 1}}, many},
		{"have all", []string{"peer 1 joins fast all"}, []peerwire.Message{{Kind: peerwire.HaveAll}}, many},
		{"have none", []string{"peer 1 joins fast none"}, []peerwire.Message{{Kind: peerwire.HaveNone}}, many},
		{"bitfield", []string{"peer 1 joins 0100"}, []peerwire.Message{{Kind: peerwire.Bitfield, Data: bits("0100")}}, many},
		{"bitfield of all", []string{"peer 1 joins 1111"}, []peerwire.Message{{Kind: peerwire.Bitfield, Data: bits("1111")}}, many},
		{"request and cancel", []string{"peer 1 joins 0000", "peer 1 sends interested", "+1s"}, []peerwire.Message{{Kind: peerwire.Request, Block: block}, {Kind: peerwire.Cancel, Block: block}}, many},
		{"cancel", []string{"peer 1 joins 0000"}, []peerwire.Message{{Kind: peerwire.Cancel, Block: block}}, many},
		{"reject", []string{"peer 1 joins fast all"}, []peerwire.Message{{Kind: peerwire.Reject, Block: block}}, many},
		{"reject of what it allows", []string{"peer 1 joins fast all"}, []peerwire.Message{{Kind: peerwire.AllowedFast, Piece: 1}, {Kind: peerwire.Reject, Block: swarm.Block{Piece: 1, Length: swarm.BlockLen}}}, some},
		{"suggest", []string{"peer 1 joins fast all"}, []peerwire.Message{{Kind: peerwire.Suggest, Piece: 1}}, many},
		{"allowed fast", []string{"peer 1 joins fast all"}, []peerwire.Message{{Kind: peerwire.AllowedFast, Piece: 1}}, many},
		{"port", []string{"peer 1 joins 0000"}, []peerwire.Message{{Kind: peerwire.Port, Port: 1}}, many},
		{"unknown", []string{"peer 1 joins 0000"}, []peerwire.Message{{Kind: peerwire.Unknown, ExtID: 99}}, many},
		{"extension handshake", []string{"peer 1 joins ext 0000"}, []peerwire.Message{{Kind: peerwire.Extended, Data: hello.AppendTo(nil)}}, some},
		{"long extension message", []string{"peer 1 joins ext 0000"}, []peerwire.Message{{Kind: peerwire.Extended, ExtID: 5, Data: make([]byte, 64<<10)}}, some},
		{"extension messages", []string{"peer 1 joins ext 0000", "peer 1 sends hello 5 a=3"}, []peerwire.Message{{Kind: peerwire.Extended, ExtID: 2, Data: []byte("answer me")}}, many},
		{"extension of nobody", []string{"peer 1 joins ext 0000", "peer 1 sends hello 5 a=3"}, []peerwire.Message{{Kind: peerwire.Extended, ExtID: 3}}, many},
		{"don't have", []string{"peer 1 joins ext 0000"}, []peerwire.Message{{Kind: peerwire.Extended, ExtID: 1, Data: make([]byte, 4)}}, some},
		{"have and don't have", []string{"peer 1 joins ext 0000"}, []peerwire.Message{{Kind: peerwire.Have}, {Kind: peerwire.Extended, ExtID: 1, Data: make([]byte, 4)}}, some},
		{"piece", []string{"peer 1 joins 1111"}, []peerwire.Message{{Kind: peerwire.Piece, Block: swarm.Block{Length: 1}, Data: []byte{1}}}, many},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t, []string{"have", "1000", "extensions", "a"})
			w.play("begin", "peer 2 joins 0000")
			w.play(test.start...)
			p := w.s.peers[1]
			n := w.flood(1, 3*allowance.Most, test.messages...)
			require.True(t, p.Closing, "it is not left")
			require.ErrorIs(t, p.CloseErr, ending.ErrFlood)
			require.Equal(t, report.EndFlood, p.End)
			require.GreaterOrEqual(t, n, test.least)
			require.LessOrEqual(t, n, allowance.Most+100)

			w.play("peer 1 goes", "peer 3 joins at=10.0.0.1:7000")
			require.NotContains(t, w.s.peers, swarm.Peer(3), "it may not return at once")
			w.play("peer 2 sends keep-alive", "peer 4 joins")
			require.Len(t, w.s.order, 2, "nobody else is concerned")
			w.play("+10s", "peer 5 joins at=10.0.0.1:7000")
			require.Len(t, w.s.order, 3)
			w.finish()
		})
	}
}

// A seed that takes a piece back gets a bitfield of its own, which costs it more the more
// pieces there are.
func TestDontHaveCostsByPieces(t *testing.T) {
	w := newWorld(t, []string{"piece", "1b", "length", "131072b"})
	w.play("begin", "peer 1 joins ext all fast")
	lost := peerwire.Message{Kind: peerwire.Extended, ExtID: 1, Data: make([]byte, 4)}
	n := w.flood(1, 1000, lost, peerwire.Message{Kind: peerwire.Have})
	require.True(t, w.s.peers[1].Closing)
	require.LessOrEqual(t, n, 100)
}

// A message whose work grows with what we keep, or with its length, costs more then.
func TestCostsFollowTheWork(t *testing.T) {
	w := newWorld(t, []string{"piece", "1b", "length", "131072b"})
	w.play("begin", "peer 1 joins ext all fast")
	all := peerwire.Message{Kind: peerwire.Bitfield, Data: bytes.Repeat([]byte{255}, 131072/8)}
	require.LessOrEqual(t, w.flood(1, 1000, all), 100, "a long bitfield is compared")

	w = newWorld(t, nil)
	w.play("begin", "peer 1 joins fast 1111", "peer 1 sends unchoke", "peer 2 joins 1111", "peer 2 sends unchoke")
	p, q := w.s.peers[1], w.s.peers[2]
	cost := func(p *peer, do func()) int {
		before := unitsOf(p)
		do()
		return before - unitsOf(p)
	}
	p.Out.Serve = make([]swarm.Block, 10*blocksPerUnit)
	missing := swarm.Block{Piece: 1}
	require.Equal(t, 11, cost(p, func() { w.s.receiveCancel(w.now, p, missing) }), "a cancel is searched for")
	requested := slices.Clone(p.Requests.Open())
	require.NotEmpty(t, requested)
	p.Requests.Clear()
	for i := range 3 * requestsPerUnit {
		p.Requests.Add(requests.Request{Block: swarm.Block{Piece: -i}})
	}
	p.Requests.Add(requested[0])
	require.Equal(t, 3, cost(p, func() { w.s.receiveReject(w.now, p, requested[0].Block) }), "so is a reject")
	open := q.Requests.Len()
	require.Positive(t, open)
	require.Equal(t, 1+open, cost(q, func() { w.s.receiveChoke(q) }), "each request was picked for nothing")
}

// unitsOf returns how many units a peer may spend.
func unitsOf(p *peer) (n int) {
	for a := p.Allowance; !a.Exceeded(); n++ {
		a.Spend(1)
	}
	return n
}

// Requests beyond those that may wait are rejected, and not without limit.
func TestFloodOfRequestsIsLeft(t *testing.T) {
	w := newWorld(t, []string{"have", "1111"})
	w.play("begin", "peer 1 joins fast none", "peer 1 sends interested", "+1s")
	p := w.s.peers[1]
	p.Tally.AddQueued(maxServing) // the writer is slow
	w.flood(1, 3*allowance.Most, peerwire.Message{Kind: peerwire.Request, Block: swarm.Block{Length: swarm.BlockLen}})
	require.True(t, p.Closing)
	require.ErrorIs(t, p.CloseErr, ending.ErrFlood)
}

// Who takes part in the transfer earns what it spends: a download with many messages that
// change nothing beside the blocks goes on for ever.
func TestTransfersEarn(t *testing.T) {
	w := newWorld(t, nil)
	w.play("begin", "peer 1 joins 1111", "peer 2 joins 0000", "peer 1 sends unchoke")
	p, q := w.s.peers[1], w.s.peers[2]
	p.Allowance.Spend(allowance.Most - 3)
	q.Allowance.Spend(allowance.Most)
	w.play("peer 1 sends piece 0.0, have 0", "peer 1 sends piece 0.1, have 0", "peer 1 sends have 0, have 0")
	require.False(t, p.Closing, "a block pays for one")
	w.play("verdict 0 ok", "peer 2 sends interested, not-interested")
	require.False(t, q.Closing, "a HAVE may be answered")
	w.play("peer 2 sends interested")
	require.True(t, q.Closing)

	q.Tally.Up.Add(10 * swarm.BlockLen)
	q.Allowance = allowance.Allowance{}
	q.Allowance.Refill(w.now)
	q.Allowance.EarnUploads(q.Tally.Up.Load())
	q.Allowance.Spend(10)
	require.False(t, q.Allowance.Exceeded(), "it took ten blocks")
}

// Our HAVEs pay for messages of interest alone: many short pieces do not pay for a flood.
func TestHavePaysForInterestAlone(t *testing.T) {
	w := newWorld(t, nil)
	w.play("begin", "peer 1 joins 1111", "peer 2 joins fast none", "peer 1 sends unchoke")
	p := w.s.peers[2]
	p.Allowance.Spend(allowance.Most)
	w.play("peer 1 sends piece 0.0", "peer 1 sends piece 0.1", "verdict 0 ok")
	require.False(t, p.Closing)
	w.play("peer 2 sends reject 1.0")
	require.True(t, p.Closing)
	require.Equal(t, report.EndFlood, p.End)
}

// A repeated UNCHOKE does not keep what we requested from being late.
func TestUnchokeIsNoBlock(t *testing.T) {
	w := newWorld(t, nil)
	w.play("begin", "peer 1 joins 1111", "peer 1 sends unchoke")
	p := w.s.peers[1]
	require.NotZero(t, p.Requests.Len())
	for range 3 {
		for range 7 {
			w.play("+10s", "peer 1 sends unchoke")
		}
	}
	require.NotContains(t, w.s.order, p, "it sent no block in three minutes")
	w.play("peer 1 goes")
	require.Zero(t, w.quota.Held())
}

// A repeated NOT INTERESTED does not keep a connection open that nobody uses.
func TestNoInterestIsNoUse(t *testing.T) {
	w := newWorld(t, []string{"idle", "100"})
	w.play("begin", "peer 1 joins 0000")
	for range 12 {
		w.play("+10s", "peer 1 sends not-interested")
	}
	require.Empty(t, w.s.order)
}

// HAVE ALL behind other messages adds what is missing, and costs as much.
func TestLateHaveAll(t *testing.T) {
	w := newWorld(t, nil)
	w.play("begin", "peer 1 joins fast 0101", "peer 1 sends have-all")
	p := w.s.peers[1]
	require.True(t, p.Has.All(4))
	require.Equal(t, allowance.New(w.now), p.Allowance)
	w.play("peer 1 sends bitfield 1111")
	require.False(t, p.Closing)
	w.play("peer 1 sends have-none")
	require.True(t, p.Closing)
	require.Equal(t, report.EndBroken, p.End)
}

// What ends a connection is told as an enum as well, so that a program can tell what was
// lost from what was no longer needed.
func TestEnds(t *testing.T) {
	for _, test := range []struct {
		name  string
		torr  []string
		lines []string
		end   End
	}{
		{"the peer", nil, []string{"peer 1 joins 1111"}, report.EndLost},
		{"a seed that left us, who have everything, first", []string{"have", "1111"}, []string{"peer 1 joins 0000", "peer 1 sends have 0, have 1, have 2, have 3"}, report.EndUseless},
		{"silence", nil, []string{"peer 1 joins 1111", "+3m"}, report.EndTimeout},
		{"a broken rule", nil, []string{"peer 1 joins 1111", "peer 1 sends bitfield 0000"}, report.EndBroken},
		{"a ban", nil, []string{"peer 1 joins 1111", "ban 1"}, report.EndBanned},
		{"a second connection", nil, []string{"peer 1 joins id=a at=10.0.0.1:50001", "peer 2 dialed id=a at=10.0.0.1:6881"}, report.EndDuplicate},
		{"no interest", []string{"idle", "60"}, []string{"peer 1 joins 0000", "+1m10s"}, report.EndIdle},
		{"a newcomer", []string{"peers", "1"}, []string{"peer 1 joins 0000", "+10s", "peer 2 joins 0000"}, report.EndReplaced},
		{"a pause", nil, []string{"peer 1 joins 1111", "pause"}, report.EndStopped},
		{"a check", nil, []string{"peer 1 joins 1111", "recheck"}, report.EndStopped},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t, test.torr)
			w.play("begin")
			w.play(test.lines...)
			var ends []End
			w.ends = func(e report.PeerLost) { ends = append(ends, e.End) }
			w.play("peer 1 goes")
			require.Equal(t, []End{test.end}, ends)
		})
	}
	w := newWorld(t, nil)
	w.play("begin", "peer 1 joins 1111")
	w.happen(Disconnect{address(1)})
	require.Equal(t, report.EndRemoved, w.s.peers[1].End)
}

// The clock of the allowance is the caller's: a peer that sends slowly is never left.
func TestSlowRepetitionIsAllowed(t *testing.T) {
	w := newWorld(t, nil)
	w.play("begin", "peer 1 joins fast all")
	for range 600 {
		w.now = w.now.Add(time.Second)
		w.flood(1, allowance.PerSecond, peerwire.Message{Kind: peerwire.HaveAll})
	}
	require.False(t, w.s.peers[1].Closing)
}
