package piecehash

// Lanes1 returns how many pieces Sum1 hashes side by side on this processor, so
// that it pays to hand it so many at once; 1 where it hashes them one by one. The
// first call measures, which takes some tenths of a millisecond.
func Lanes1() int { return max(1, alg1.best().lanes(lanes)) }

// Lanes256 is Lanes1 for Sum256 and Leaves.
func Lanes256() int { return max(1, alg256.best().lanes(lanes)) }
