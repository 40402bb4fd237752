package iovec

// Vecs treats a list of buffers as one sequence of bytes. Next returns the buffers
// for one system call, and Advance continues where that call stopped. Vecs copies no
// payload and never changes the caller's list: when it must split a buffer, it does
// so in a list of its own.
//
// The zero value is an empty sequence. Only one goroutine at a time may use a Vecs.
type Vecs struct {
	bufs   [][]byte // the caller's; bufs[0] is the buffer that skip is in
	skip   int      // bytes of bufs[0] that were taken already
	length int64    // bytes that were not taken yet
	window [][]byte // what Next builds when it has to split
}

// Reset starts again with bufs. Vecs reads the list until the next Reset, so the
// caller must not change it before.
func (v *Vecs) Reset(bufs [][]byte) {
	v.bufs, v.skip, v.length = bufs, 0, 0
	for _, b := range bufs {
		v.length += int64(len(b))
	}
	clear(v.window[:cap(v.window)])
}

// Len returns the number of bytes that were not taken yet.
func (v *Vecs) Len() int64 { return v.length }

// Next returns the buffers of the next bytes, at most max bytes in at most count
// buffers, without taking them. It returns nothing if no byte is left or a bound is
// less than one. The list is valid until the next call of Next or Reset, and the
// caller must not change it.
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

// skipEmpty skips buffers with no bytes left, so that a window never begins with one.
func (v *Vecs) skipEmpty() {
	for len(v.bufs) > 0 && v.skip == len(v.bufs[0]) {
		v.bufs, v.skip = v.bufs[1:], 0
	}
}
