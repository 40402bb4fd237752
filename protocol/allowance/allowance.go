// Package allowance bounds what a peer may send that changes nothing.
//
// In come the messages of a peer that changed nothing, each with what it cost us, and what
// the peer did for the transfer; out comes whether it has sent too many. An [Allowance] is
// a value that one goroutine owns. It reads no clock: each call that needs the time is
// given it.
package allowance

import (
	"time"

	"github.com/shoal-bt/shoal/swarm"
)

const (
	// Most is the units that a peer may spend at once. It has as many when it joins.
	Most = 4000

	// PerSecond is the units that come back each second.
	PerSecond = 100

	// BytesPerUnit is the bytes of a long message that is only compared or skipped, for a unit.
	BytesPerUnit = 256

	helloUnits        = 10 // for any extension handshake
	helloBytesPerUnit = 8  // of an extension handshake, which is parsed
)

// An Allowance is how many messages that change nothing a peer may still send. A unit is
// a cheap one, such as a HAVE that repeats another; it costs us about as much as it takes
// to decode. The zero Allowance is exceeded by the first message.
type Allowance struct {
	left   int
	at     time.Time // until when units have come back
	blocks int64     // that the peer took and earned units for
}

// New returns the Allowance of a peer that joins now.
func New(now time.Time) Allowance { return Allowance{left: Most, at: now} }

// Refill gives back the units of the time since the last Refill.
func (a *Allowance) Refill(now time.Time) {
	const each = time.Second / PerSecond
	n := now.Sub(a.at) / each
	if n <= 0 {
		return
	}
	a.at = a.at.Add(n * each)
	a.Earn(int(min(n, Most)))
}

// Earn gives n units, because the peer took part in the transfer: it sent a block that we
// wanted, or took one, or we cancelled a request, which it answers with a reject.
func (a *Allowance) Earn(n int) { a.left = min(a.left+n, Most) }

// EarnUploads gives units for the blocks that the peer took since the last call. up is the bytes
// of all that it took.
func (a *Allowance) EarnUploads(up int64) {
	blocks := up / swarm.BlockLen
	a.Earn(int(blocks - a.blocks))
	a.blocks = blocks
}

// SpendHello takes the units of an extension handshake with a number of bytes, which each of
// our extensions reads.
func (a *Allowance) SpendHello(extensions, bytes int) {
	a.Spend(min(helloUnits+extensions+bytes/helloBytesPerUnit, Most/4))
}

// Spend takes n units.
func (a *Allowance) Spend(n int) { a.left -= n }

// Exceeded reports whether more was spent than there was.
func (a *Allowance) Exceeded() bool { return a.left < 0 }
