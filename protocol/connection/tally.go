package connection

import (
	"sync/atomic"
	"time"

	"github.com/shoal-bt/shoal/swarm"
)

// A Tally is what the State of a torrent counts together with the reader and the writer of one
// connection. Each of the three may use it at any time.
type Tally struct {
	// Bytes of the connection: payload, and everything on the wire. Down has only
	// blocks that were requested.
	Down, DownAll, Up, UpAll atomic.Int64

	// Unknown is the number of messages of a kind that we do not know.
	Unknown atomic.Int64

	// Ignored is the number of messages to extensions, and of addresses in them, that
	// were ignored because they break a rule.
	Ignored atomic.Int64

	// credits are the units set aside for blocks that the peer may send. The
	// State adds one with each request, and the reader takes one with each block.
	credits atomic.Int64

	// lastUse is when the peer last gave a block that was needed or took one, or
	// joined; in nanoseconds since 1970.
	lastUse atomic.Int64

	// queued is the number of blocks that wait to be sent, and late that of Late messages.
	queued, late atomic.Int64
}

// Admit counts a block of n bytes that a reader has received, and reports whether
// the reader may take a buffer for it. A block without a credit was never requested,
// so it is not counted and its bytes are left out: the Piece message goes to the State
// with nil Data.
func (t *Tally) Admit(n int) bool {
	if n > swarm.BlockLen || !t.takeCredit() {
		return false
	}
	t.Down.Add(int64(n))
	return true
}

// TakeBack undoes Admit for a block of n bytes that took the credit of another.
func (t *Tally) TakeBack(n int) {
	t.Down.Add(-int64(n))
	t.AddCredit()
}

// Sent counts n blocks that a writer has taken from its Line and is about to send.
func (t *Tally) Sent(n int) { t.queued.Add(-int64(n)) }

// Use notes that the peer gives or takes blocks, or joins. The State calls it, and the
// engine when the connection begins.
func (t *Tally) Use(now time.Time) { t.lastUse.Store(now.UnixNano()) }

// Unused returns how long before now the last Use was.
func (t *Tally) Unused(now time.Time) time.Duration {
	return time.Duration(now.UnixNano() - t.lastUse.Load())
}

// takeCredit takes one credit, if there is one.
func (t *Tally) takeCredit() bool {
	for {
		n := t.credits.Load()
		if n <= 0 {
			return false
		}
		if t.credits.CompareAndSwap(n, n-1) {
			return true
		}
	}
}

// TakeCredits takes up to n credits and returns how many it got.
func (t *Tally) TakeCredits(n int) int {
	got := 0
	for got < n && t.takeCredit() {
		got++
	}
	return got
}

// Credits returns the credits that are there.
func (t *Tally) Credits() int { return int(t.credits.Load()) }

// AddCredit adds the credit of a request.
func (t *Tally) AddCredit() { t.credits.Add(1) }

// Queued returns the number of blocks that wait to be sent.
func (t *Tally) Queued() int { return int(t.queued.Load()) }

// AddQueued counts n blocks that the State has queued; a negative n takes some back
// that never got to a Line.
func (t *Tally) AddQueued(n int) { t.queued.Add(int64(n)) }

// addLate counts a Late message that the State has queued. It reports false, and counts none,
// if too many wait.
func (t *Tally) addLate() bool {
	if t.late.Load() >= maxLate {
		return false
	}
	t.late.Add(1)
	return true
}
