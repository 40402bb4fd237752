package protocol

import (
	"github.com/shoal-bt/shoal/peerwire"
	"github.com/shoal-bt/shoal/protocol/ending"
)

// A message that changes nothing costs us work and brings nothing, so each peer has an
// allowance of them (package allowance). A unit stands for the work of a HAVE that repeats
// another. A peer that takes part in the transfer earns units; one that only repeats
// itself is left.
const (
	blocksPerUnit   = 128 // that are searched for one that is cancelled
	requestsPerUnit = 128 // that are searched for one that is rejected
)

// checkAllowance returns an error if a peer has sent too many messages that change nothing.
// The last one was of kind k.
func (p *peer) checkAllowance(k peerwire.Kind) error {
	if p.allowance.Exceeded() {
		return ending.Flood(k, "the last of too many such messages")
	}
	return nil
}
