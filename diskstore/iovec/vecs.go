package iovec

// Vecs walks over a list of buffers as over one run of bytes. It hands them out
// a window at a time, as the vectors of one system call, and goes on from
// wherever that call stopped. No payload is copied, and the caller's list and
// its buffers' bounds are never changed: a buffer that is split is split in a
// list of Vecs' own.
//
// The zero value is an empty run. One goroutine at a time may use a Vecs.
type Vecs struct {
	bufs   [][]byte // the caller's; bufs[0] is the buffer that skip is in
	skip   int      // bytes of bufs[0] that were taken
	length int64    // bytes that were not taken
	window [][]byte // what Next builds when it has to split
}

// Reset starts over with bufs, which Vecs reads until the next Reset.
func (v *Vecs) Reset(bufs [][]byte) {
	v.bufs, v.skip, v.length = bufs, 0, 0
	for _, b := range bufs {
		v.length += int64(len(b))
	}
	clear(v.window[:cap(v.window)])
}

// Len returns the number of bytes that were not taken yet.
func (v *Vecs) Len() int64 { return v.length }

// Next returns the buffers of the next bytes, at most max bytes and at most
// count buffers, without taking them. It returns nothing if no byte is left or a
// bound is below one. The list is valid until the next call of Next or Reset; it
// is not to be changed.
func (v *Vecs) Next(max int64, count int) [][]byte {
	v.skipEmpty()
	var size int64
	n := 0
	for n < len(v.bufs) && n < count && size < max {
		size += int64(len(v.bufs[n]))
		if n == 0 {
			size -= int64(v.skip)
		}
		n++
	}
	if n == 0 || (v.skip == 0 && size <= max) {
		return v.bufs[:n:n]
	}
	v.window = append(v.window[:0], v.bufs[:n]...)
	v.window[0] = v.window[0][v.skip:]
	if over := size - max; over > 0 {
		last := v.window[n-1]
		v.window[n-1] = last[:int64(len(last))-over]
	}
	return v.window
}

// Advance takes the next n bytes, or all that are left if they are fewer.
func (v *Vecs) Advance(n int64) {
	n = min(n, v.length)
	v.length -= n
	for n > 0 {
		left := int64(len(v.bufs[0]) - v.skip)
		if n < left {
			v.skip += int(n)
			return
		}
		n -= left
		v.bufs, v.skip = v.bufs[1:], 0
	}
}

// Zero sets the next n bytes to zero, or all that are left if they are fewer,
// and takes them.
func (v *Vecs) Zero(n int64) {
	n = min(n, v.length)
	for n > 0 {
		v.skipEmpty()
		b := v.bufs[0][v.skip:]
		b = b[:min(int64(len(b)), n)]
		clear(b)
		v.Advance(int64(len(b)))
		n -= int64(len(b))
	}
}

// skipEmpty skips buffers of which nothing is left, so that none leads a window.
func (v *Vecs) skipEmpty() {
	for len(v.bufs) > 0 && v.skip == len(v.bufs[0]) {
		v.bufs, v.skip = v.bufs[1:], 0
	}
}
