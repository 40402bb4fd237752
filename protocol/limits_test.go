package protocol

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/shoal-bt/shoal/peerwire"
	"github.com/shoal-bt/shoal/protocol/allowance"
	"github.com/shoal-bt/shoal/protocol/ending"
	"github.com/shoal-bt/shoal/protocol/requests"
	"github.com/shoal-bt/shoal/swarm"
	"github.com/stretchr/testify/require"
)

// Each bound on what a peer may do is held, and the next step ends the connection.
func TestBoundsOfAPeer(t *testing.T) {
	for _, test := range []struct {
		name  string
		joins string
		start []string
		line  string
		times int // that are allowed
		why   string
	}{
		{"requests while choked", "fast none", nil, "request 0.0", maxRefused, "request while choked"},
		{"requests for pieces that we do not have", "fast none", []string{"peer 1 sends interested", "+1s"}, "request 3.0", maxRefused, "request for pieces that we do not have"},
		{"the same without the fast extension", "0000", []string{"peer 1 sends interested", "+1s"}, "request 3.0", maxRefused, "request for pieces that we do not have"},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t, []string{"have", "1000"})
			w.play("begin", "peer 1 joins "+test.joins)
			w.play(test.start...)
			line := "peer 1 sends " + test.line
			for range test.times {
				w.play(line)
			}
			p := w.s.peers[1]
			require.False(t, p.Closing)
			w.play(line)
			require.True(t, p.Closing)
			require.ErrorContains(t, p.CloseErr, test.why)
			w.finish()
		})
	}
}

// A peer that refuses all that it is asked for gets one request at a time and is then left. Its
// refusals of what we cancelled do not count, and a block ends the row.
func TestPeerThatRefuses(t *testing.T) {
	w := newWorld(t, []string{"length", "64b"})
	w.play("begin", "peer 1 joins fast all", "peer 1 sends unchoke")
	p := w.s.peers[1]
	rounds, first := 0, p.Requests.Len()
	for ; !p.Closing; rounds++ {
		if rounds > first+fewRefused {
			require.Equal(t, 1, p.Requests.Len())
		}
		w.place = fmt.Sprint("round ", rounds)
		b := p.Requests.Open()[0].Block
		w.happen(&Received{Peer: 1, Messages: []peerwire.Message{{Kind: peerwire.Reject, Block: b}}})
	}
	require.ErrorContains(t, p.CloseErr, "refuses all that it is asked for")
	require.Less(t, rounds, 60)

	w = newWorld(t, []string{"length", "64b"})
	w.play("begin", "peer 1 joins fast all", "peer 1 sends unchoke")
	p = w.s.peers[1]
	for p.Requests.Len() > 1 {
		b := p.Requests.Open()[0].Block
		w.happen(&Received{Peer: 1, Messages: []peerwire.Message{{Kind: peerwire.Reject, Block: b}}})
	}
	require.Greater(t, p.RefusedByPeer, 1)
	b := p.Requests.Open()[0].Block
	w.play(fmt.Sprintf("peer 1 sends piece %d.%d", b.Piece, b.Begin/swarm.BlockLen))
	require.Zero(t, p.RefusedByPeer)
	require.Greater(t, p.Requests.Len(), 1)
	open := p.Requests.Open()
	for i := range open {
		open[i].Late, open[i].Void = true, true
	}
	for p.Requests.Len() > 0 && open[0].Late {
		b := p.Requests.Open()[0].Block
		w.happen(&Received{Peer: 1, Messages: []peerwire.Message{{Kind: peerwire.Reject, Block: b}}})
		open = p.Requests.Open()
	}
	require.Zero(t, p.RefusedByPeer)
}

// A peer that sends more than was requested of it is left, and its address is refused for an
// hour.
func TestUnaskedBlocks(t *testing.T) {
	w := newWorld(t, []string{"length", "4b", "have", "10"})
	w.play("begin", "peer 1 joins at=192.0.2.1:6881 10")
	p := w.s.peers[1]
	for range maxUnasked / swarm.BlockLen {
		w.play("peer 1 sends piece 0.0")
		require.False(t, p.Closing)
	}
	w.play("peer 1 sends piece 0.0")
	require.True(t, p.Closing)
	require.ErrorContains(t, p.CloseErr, "nobody asked for")
	addr := netip.MustParseAddr("192.0.2.1")
	require.True(t, w.s.book.Refused(w.now.Add(unaskedRefusal-time.Second), addr))
	require.False(t, w.s.book.Refused(w.now.Add(unaskedRefusal), addr))
	require.False(t, w.s.book.Banned(addr))
	w.finish()
}

// Each address that a peer names costs it a unit of its allowance.
func TestPeerThatNamesTooMany(t *testing.T) {
	w := newWorld(t, nil)
	w.play("begin", "peer 1 joins ext 0000")
	p := w.s.peers[1]
	c := &extensionConn{w.s, p, 0}
	addrs := make([]swarm.Address, allowance.Most/2)
	c.Found(addrs...)
	w.play("peer 1 sends keep-alive")
	require.False(t, p.Closing)
	c.Found(addrs...)
	w.play("peer 1 sends keep-alive")
	require.True(t, p.Closing)
	require.ErrorIs(t, p.CloseErr, ending.ErrFlood)
}

// A peer has at most maxServing requests that wait. With the fast extension others are
// rejected; without it there is no such message, and the connection ends.
func TestBoundOfRequestsThatWait(t *testing.T) {
	for _, fast := range []bool{true, false} {
		w := newWorld(t, []string{"have", "1111"})
		words := "peer 1 joins 0000"
		if fast {
			words += " fast"
		}
		w.play("begin", words, "peer 1 sends interested", "+1s")
		w.place = fmt.Sprintf("fast: %v", fast)
		p := w.s.peers[1]
		p.Tally.AddQueued(maxServing - 1) // the writer is slow
		w.take()
		w.obey(strings.Fields("peer 1 sends request 0.0, request 0.1"))
		require.Equal(t, !fast, p.Closing, w.place)
		if fast {
			require.Equal(t, []string{"to 1: reject 0.1", "serve 1: 0.0"}, w.take())
		} else {
			require.ErrorContains(t, p.CloseErr, "more than 2000 requests wait")
		}
	}
}

func TestExtendedMessages(t *testing.T) {
	w := newWorld(t, nil)
	w.play("begin", "peer 1 joins ext 0000")
	p := w.s.peers[1]
	other := peerwire.Message{Kind: peerwire.Extended, ExtID: 7, Data: []byte("lllll")}
	w.happen(&Received{Peer: 1, Messages: []peerwire.Message{other}})
	require.False(t, p.Closing, "no other message was agreed upon, so it is passed over")
	w.happen(&Received{Peer: 1, Messages: []peerwire.Message{{Kind: peerwire.Extended, Data: []byte("lllll")}}})
	require.True(t, p.Closing)
	require.Error(t, p.CloseErr)
}

// A later extension handshake has only what changes, so the name and the port of the peer
// stay.
func TestLaterHandshake(t *testing.T) {
	w := newWorld(t, nil)
	w.play("begin", "peer 1 joins ext 0000", "peer 1 sends hello 5")
	later := peerwire.ExtendedHandshake{M: peerwire.Extensions{"ut_pex": 3}}
	w.happen(&Received{Peer: 1, Messages: []peerwire.Message{{Kind: peerwire.Extended, Data: later.AppendTo(nil)}}})
	p := w.s.peers[1]
	require.Equal(t, "Peer 1", p.Client)
	require.Equal(t, uint16(7000), p.DialAddr.Port())
}

// Forget takes a call out, whatever it waits for: it gets no answer any more.
func TestForget(t *testing.T) {
	w := newWorld(t, []string{"length", "2b"})
	w.play("begin", "peer 1 joins 1", "peer 1 sends unchoke", "wait", "wait 0")
	w.happen(Forget{1})
	w.play("peer 1 sends piece 0.0, piece 0.1", "verdict 0 ok")
	require.Equal(t, map[Ticket]error{2: nil}, w.ended)

	w.play("recheck")
	w.happen(Forget{3})
	w.play("stored 0 0", "checked", "synced", "synced")
	require.Equal(t, PhaseRunning, w.s.phase)
	require.NotContains(t, w.ended, Ticket(3))
	w.play("recheck", "stored 0 0", "checked", "synced")
	require.Contains(t, w.ended, Ticket(4), "the next one is answered")
}

// Without hashes of the blocks nobody can be found out, so nobody goes on parole: it would
// never end.
func TestWrongPieceWithoutSums(t *testing.T) {
	w := newWorld(t, nil)
	w.play("begin", "peer 1 joins 1111", "peer 1 sends unchoke", "peer 1 sends piece 0.0",
		"peer 2 joins 1111", "peer 2 sends unchoke", "peer 2 sends piece 0.1")
	j := w.jobs[0]
	w.jobs = nil
	w.happen(CheckResult{Piece: 0, Serial: j.Serial, Blocks: j.Blocks})
	w.check()
	require.Zero(t, w.s.blame.Len())
	require.False(t, w.s.peers[1].Parole)
	require.False(t, w.s.peers[2].Parole)
}

// At a high rate requests are spread over pieces, and a section is said to be followed
// soon by one of another piece as long as enough of its blocks are on their way.
func TestSectionsAtAHighRate(t *testing.T) {
	w, soon := quickDownload(t, "piece", "8b", "length", "64b", "sections", "2")
	require.NotZero(t, soon)
	spread := w.s.sections.Spread(w.s.totalRate(), w.s.geo.PieceLength)
	require.Equal(t, spread, w.s.maxNewPieces(1, spread), "all of these pieces may be begun")
	require.Greater(t, spread, 1)
	_, soon = quickDownload(t, "piece", "64b", "length", "64b", "sections", "2")
	require.Zero(t, soon, "there is no other piece")
}

// quickDownload has a peer send a block each millisecond until all have arrived, and
// returns how many sections were said to be followed soon by another. The last checks do
// not end, so the peer is still connected.
func quickDownload(t *testing.T, torrent ...string) (w *world, soon int) {
	w = newWorld(t, torrent)
	w.play("begin", "peer 1 joins fast all", "peer 1 sends unchoke")
	p := w.s.peers[1]
	for p.Requests.Len() > 0 {
		b := p.Requests.Open()[0].Block
		w.play("+1ms", fmt.Sprintf("peer 1 sends piece %s", brief(*w.setup.Geometry, b)))
		for _, j := range slices.Clone(w.jobs) {
			if j.Section && j.Soon {
				soon++
			}
			if p.Requests.Len() == 0 {
				break
			}
			w.play(fmt.Sprintf("verdict %d ok", j.Piece))
		}
	}
	return w, soon
}

// Early hashing stops when enough is on its way out of memory.
func TestEarlyHashingIsBounded(t *testing.T) {
	w := newWorld(t, []string{"piece", "64b", "length", "192b", "sections", "40", "memory", "1000"})
	w.play("begin", "peer 1 joins 111", "peer 1 sends hello 200, unchoke")
	p := w.s.peers[1]
	for _, piece := range []int{0, 1, 2} {
		for k := range 39 {
			b := w.setup.Geometry.Block(piece, k)
			if p.Requests.Find(b) < 0 { // as if the queue were as long already
				w.quota.Reserve(1)
				p.Tally.AddCredit()
				p.Requests.Add(requests.Request{Block: b, Sent: w.now})
			}
			w.obey([]string{"peer", "1", "sends", "piece", brief(*w.setup.Geometry, b)})
		}
	}
	require.Zero(t, len(w.jobs))
	w.obey([]string{"reclaim"})
	require.Equal(t, 2, len(w.jobs), "two sections of 39 blocks are more than %d", minSpill)
	require.Zero(t, len(w.spills))
}

func TestPhaseString(t *testing.T) {
	text := ""
	for p := PhaseChecking; p <= PhaseClosed; p++ {
		text += p.String() + " "
	}
	require.Equal(t, "checking running paused failed closed ", text)
}
