package piecehash

import (
	"crypto/sha256"
	"encoding/binary"
)

// pairPadding is the second and last block of every message of 64 bytes. It holds only
// padding: FIPS 180-4, section 5.1.1.
var pairPadding = func() (b [blockLen]byte) {
	b[0] = 0x80
	binary.BigEndian.PutUint64(b[blockLen-8:], blockLen*8)
	return b
}()

// pair returns the parent of two hashes.
func pair(l, r *[32]byte) [32]byte {
	var b [64]byte
	copy(b[:32], l[:])
	copy(b[32:], r[:])
	return sha256.Sum256(b[:])
}

// pairs sets dst[i] to the parent of src[2*i] and src[2*i+1]. dst may be src.
func pairs(dst, src [][32]byte) {
	n := len(src) / 2
	done := 0
	if b := alg256.newBatcher(n); b != nil {
		b.sums256 = dst
		for done < n {
			k := b.choice.kernel(n - done)
			if k == nil {
				break
			}
			used := min(k.width, n-done)
			b.pairs(k, src, done, used)
			done += used
		}
		b.release()
	}
	for i := done; i < n; i++ {
		dst[i] = pair(&src[2*i], &src[2*i+1])
	}
}

// pairs hashes used pairs of src side by side with k, from pair first on.
func (b *batcher) pairs(k *kernel, src [][32]byte, first, used int) {
	for w, x := range b.alg.init {
		for l := range used {
			b.state[w][l] = x
		}
	}
	for l := range k.width {
		// Two neighbours are one block in memory.
		b.at[l] = &src[2*(first+min(l, used-1))][0]
	}
	k.run((*[8][lanes]uint32)(&b.state), &b.at, 1)
	for l := range k.width {
		b.at[l] = &pairPadding[0]
	}
	k.run((*[8][lanes]uint32)(&b.state), &b.at, 1)
	for l := range used {
		b.lane[l].piece = first + l
		b.writeHash(l)
	}
}
