package protocol

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/shoal-bt/shoal/swarm"
	"github.com/stretchr/testify/require"
)

// seekBack has a user seek to piece 2 and at once back to piece 0, a tenth of a second after peer 1 was
// asked for the blocks of piece 0, and 10 ms before the first of them may come.
func seekBack(t *testing.T, peer string) *world {
	w := newWorld(t, []string{"piece", "4b", "length", "12b"})
	w.play("begin", "peer 1 joins "+peer+" 111", "deadline 0 1", "peer 1 sends unchoke", "+100ms",
		"deadline 0 none 2 1", "deadline 2 none 0 1", "+10ms")
	w.take()
	return w
}

// The block of a request that a seek cancelled says nothing of the round trip if it was asked for again
// meanwhile: a round trip of a few milliseconds would keep the queue short for a minute.
func TestRequestThatIsSentAgainGivesNoRoundTrip(t *testing.T) {
	w := seekBack(t, "fast")
	w.play("peer 1 sends piece 0.0")
	require.Zero(t, w.s.peers[1].Pace.RoundTrip())
	w.play("peer 1 sends piece 2.0")
	require.Equal(t, 110*time.Millisecond, w.s.peers[1].Pace.RoundTrip())
	w.finish()
}

// A peer answers each request. The reject of one that was cancelled does not end the one that followed
// for the same block: the block would be asked for a third time, and come twice.
func TestRejectOfRequestThatWasCancelled(t *testing.T) {
	w := seekBack(t, "fast")
	w.play("peer 1 sends reject 0.0, reject 0.1, reject 0.2")
	require.Empty(t, w.take())
	require.Equal(t, 12, w.s.peers[1].Requests.Len())
	require.Zero(t, w.s.peers[1].RefusedByPeer)
	w.play("peer 1 sends piece 0.0, piece 0.1, piece 0.2, piece 0.3")
	require.Equal(t, []string{"check 0: 4 blocks in memory"}, w.take())

	w = seekBack(t, "fast")
	w.play("peer 1 sends reject 0.0, reject 0.0")
	require.Equal(t, []string{"to 1: request 0.0"}, w.take(), "the second one is refused indeed")
	require.Equal(t, 1, w.s.peers[1].RefusedByPeer)
	w.finish()
}

// A peer without the fast extension does not answer requests that were cancelled. Soon nothing is set
// aside for their blocks any more, and others take their place.
func TestCancelledRequestsOfPeerWithoutFast(t *testing.T) {
	w := newWorld(t, []string{"piece", "16b", "length", "320b"})
	w.play("begin", "peer 1 joins 11111111111111111111", "deadline 0 1 1 1 2 1 3 1", "peer 1 sends unchoke", "+100ms",
		"peer 1 sends piece 0.0", "deadline 0 none 1 none 2 none 3 none 10 1 11 1 12 1 13 1 14 1", "peer 1 sends piece 0.1")
	p := w.s.peers[1]
	require.Equal(t, 62, p.Requests.Len()-p.Requests.Active())
	w.play("+1900ms", "peer 1 sends piece 10.0")
	require.Equal(t, 62, p.Requests.Len()-p.Requests.Active(), "they may be on the way")
	w.play("+600ms")
	require.Equal(t, p.Requests.Active(), p.Requests.Len())
	require.Equal(t, p.Requests.Len(), p.Tally.Credits())
	w.finish()
}

// A queue is short while a piece is needed soon, and longer if the piece is long overdue.
func TestQueueWhenAPieceIsOverdue(t *testing.T) {
	w := newWorld(t, []string{"piece", "16b", "length", "3200b"})
	w.play("begin", "peer 1 joins "+strings.Repeat("1", 199)+"0", "deadline 199 4", "peer 1 sends unchoke")
	p := w.s.peers[1]
	sendFor := func(d time.Duration) {
		for end := w.now.Add(d); w.now.Before(end); {
			b := p.Requests.Open()[0].Block
			w.play("+5ms", fmt.Sprintf("peer 1 sends piece %d.%d", b.Piece, b.Begin/swarm.BlockLen))
			w.judgeAll()
		}
	}
	sendFor(4 * time.Second)
	short := p.Requests.Active()
	sendFor(3 * time.Second)
	require.InDelta(t, short+50, p.Requests.Active(), 12, "what comes in a quarter of a second")
	w.finish()
}

// judgeAll ends all checks: the pieces are right.
func (w *world) judgeAll() {
	for len(w.jobs) > 0 {
		w.judge(w.jobs[0].Piece, "ok", nil)
	}
}
