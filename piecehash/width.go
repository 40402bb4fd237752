package piecehash

// Lanes1 returns how many pieces Sum1 hashes side by side on this processor: batches
// of that many, or a multiple, are the fastest. It is 1 if Sum1 hashes one piece after
// the other. The first call measures, which takes a few tenths of a millisecond.
func Lanes1() int { return max(1, alg1.best().lanes(lanes)) }

// Lanes256 is Lanes1 for Sum256 and Leaves.
func Lanes256() int { return max(1, alg256.best().lanes(lanes)) }
