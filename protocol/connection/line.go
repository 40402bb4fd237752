package connection

import (
	"github.com/shoal-bt/shoal/peerwire"
	"github.com/shoal-bt/shoal/swarm"
)

// fewCancels is the number of cancelled blocks of one turn up to which each is searched
// for among those that wait.
const fewCancels = 8

// An Outbox is what one turn has for a peer. The State uses it again: it is the
// caller's until the next Apply.
type Outbox struct {
	Peer   swarm.Peer
	Bytes  []byte        // encoded messages
	Clear  bool          // drop all blocks that wait to be sent
	Cancel []swarm.Block // drop these blocks, if they wait
	Serve  []swarm.Block // send these blocks, in order
	Late   []Late        // send these messages, in order
}

// A Late message is made when it is sent, because its bytes would take much memory while they
// wait. It appends the encoded message to dst. The writer calls it once at most, without the
// lock around the Line, and it may block.
type Late func(dst []byte) []byte

// maxLate is how many Late messages of one peer wait.
const maxLate = 64

// Reset empties the Outbox. It keeps its memory, if that is small.
func (o *Outbox) Reset() {
	o.Bytes, o.Serve, o.Cancel, o.Clear = keepBytes(o.Bytes), keepBlocks(o.Serve), keepBlocks(o.Cancel), false
	o.Late = nil
}

// Memory up to these sizes is kept for a peer that is given nothing.
const (
	fewBytes  = 4 << 10
	fewBlocks = 128
)

// AddExtended adds a Late message of the extension with a number, whose body is made when it is
// sent; nothing is sent if that is nil. It reports false, and adds none, if the number is 0 or
// too many wait. t is that of the connection.
func (o *Outbox) AddExtended(t *Tally, number uint8, body func() []byte) bool {
	if number == 0 || !t.addLate() {
		return false
	}
	o.Late = append(o.Late, func(dst []byte) []byte {
		data := body()
		if data == nil {
			return dst
		}
		return peerwire.Message{Kind: peerwire.Extended, ExtID: number, Data: data}.AppendTo(dst)
	})
	return true
}

// keepBytes returns b without its content, and without its memory if that is large.
func keepBytes(b []byte) []byte {
	if cap(b) > fewBytes {
		return nil
	}
	return b[:0]
}

// keepBlocks does the same for blocks.
func keepBlocks(b []swarm.Block) []swarm.Block {
	if cap(b) > fewBlocks {
		return nil
	}
	return b[:0]
}

// A Line is what waits to be sent to one peer: messages, and blocks that must be
// read from the Storage first. Messages go before blocks. The zero Line is empty.
// One goroutine at a time may use it; an engine guards it with a mutex, because the
// turn delivers and the writer takes.
type Line struct {
	Fast  bool   // the peer speaks the fast extension (BEP 6)
	Tally *Tally // of the connection

	out   []byte
	taken int // bytes of the last Take, which the writer is sending
	serve []swarm.Block
	late  []Late
}

// Deliver adds an Outbox, which stays the caller's. With the fast extension each
// block that is dropped is answered by a Reject
// (https://www.bittorrent.org/beps/bep_0006.html, "Reject Request").
func (l *Line) Deliver(o *Outbox) {
	l.out = append(l.out, o.Bytes...)
	if o.Clear {
		l.withdraw(l.serve)
		l.serve = l.serve[:0]
	}
	if len(o.Cancel) <= fewCancels {
		for _, b := range o.Cancel {
			l.cancel(b)
		}
	} else {
		l.cancelMany(o.Cancel)
	}
	l.serve = append(l.serve, o.Serve...)
	l.late = append(l.late, o.Late...)
}

func (l *Line) cancel(b swarm.Block) {
	for i, waiting := range l.serve {
		if waiting == b {
			l.withdraw(l.serve[i : i+1])
			l.serve = append(l.serve[:i], l.serve[i+1:]...)
			return
		}
	}
}

// cancelMany does what cancel does for each block, and goes through those that wait only
// once: a peer could otherwise have us compare thousands with thousands.
func (l *Line) cancelMany(blocks []swarm.Block) {
	times := make(map[swarm.Block]int, len(blocks))
	for _, b := range blocks {
		times[b]++
	}
	kept := l.serve[:0]
	for i, b := range l.serve {
		if times[b] == 0 {
			kept = append(kept, b)
			continue
		}
		times[b]--
		l.withdraw(l.serve[i : i+1])
	}
	l.serve = kept
}

// withdraw rejects blocks that will not be sent.
func (l *Line) withdraw(blocks []swarm.Block) {
	l.Tally.queued.Add(-int64(len(blocks)))
	if !l.Fast {
		return
	}
	for _, b := range blocks {
		l.out = peerwire.Message{Kind: peerwire.Reject, Block: b}.AppendTo(l.out)
	}
}

// Unsent returns the number of bytes of messages that wait.
func (l *Line) Unsent() int { return len(l.out) }

// Waiting returns the number of bytes of messages that wait or are being sent.
func (l *Line) Waiting() int { return len(l.out) + l.taken }

// Take returns all messages that wait, and the first blocks: at most n, and together
// with their headers at most size bytes, but one block in any case. The caller owns
// what it gets and passes in the slices of an earlier Take, whose memory is used again.
// It calls Tally.Sent for the blocks when it sends them.
func (l *Line) Take(out []byte, blocks []swarm.Block, n, size int) ([]byte, []swarm.Block) {
	l.out, out = keepBytes(out), l.out
	l.taken = len(out)
	count, bytes := 0, 0
	for ; count < min(len(l.serve), n); count++ {
		bytes += peerwire.PieceHeaderLen + l.serve[count].Length
		if count > 0 && bytes > size {
			break
		}
	}
	blocks = append(blocks[:0], l.serve[:count]...)
	l.serve = l.serve[:copy(l.serve, l.serve[count:])]
	if len(l.serve) == 0 {
		l.serve = keepBlocks(l.serve)
	}
	return out, blocks
}

// Late returns the number of Late messages that wait.
func (l *Line) Late() int { return len(l.late) }

// TakeLate returns the first Late message that waits; nil for none.
func (l *Line) TakeLate() Late {
	if len(l.late) == 0 {
		return nil
	}
	first := l.late[0]
	l.late[0] = nil
	l.late = l.late[1:]
	if len(l.late) == 0 {
		l.late = nil
	}
	l.Tally.late.Add(-1)
	return first
}
