package protocol

import (
	"time"

	"github.com/shoal-bt/shoal/peerwire"
	"github.com/shoal-bt/shoal/protocol/ending"
	"github.com/shoal-bt/shoal/swarm"
)

// A message that changes nothing costs us work and brings nothing, so each peer has an
// allowance of them (package allowance). A unit stands for the work of a HAVE that repeats
// another. A peer that takes part in the transfer earns units; one that only repeats
// itself is left.
const (
	bytesPerUnit      = 256 // of a long message that is only compared or skipped
	helloUnits        = 10  // for any extension handshake
	helloBytesPerUnit = 8   // of an extension handshake, which is parsed
	blocksPerUnit     = 128 // that are searched for one that is cancelled
	requestsPerUnit   = 128 // that are searched for one that is rejected
)

// checkAllowance returns an error if a peer has sent too many messages that change nothing.
// The last one was of kind k.
func (p *peer) checkAllowance(k peerwire.Kind) error {
	if p.allowance.Exceeded() {
		return ending.Flood(k, "the last of too many such messages")
	}
	return nil
}

// refillAllowance gives a peer units for the time that has passed, and for the blocks that
// it took since the last call.
func (p *peer) refillAllowance(now time.Time) {
	p.allowance.Refill(now)
	blocks := p.tally.Up.Load() / swarm.BlockLen
	p.allowance.Earn(int(blocks - p.blocksUp))
	p.blocksUp = blocks
}
