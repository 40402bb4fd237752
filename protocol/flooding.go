package protocol

// A message that changes nothing costs us work and brings nothing, so each peer has an
// allowance of them (package allowance). A unit stands for the work of a HAVE that repeats
// another. A peer that takes part in the transfer earns units; one that only repeats
// itself is left.
const (
	blocksPerUnit   = 128 // that are searched for one that is cancelled
	requestsPerUnit = 128 // that are searched for one that is rejected
)
