package iovec_test

import (
	"fmt"

	"github.com/shoal-bt/shoal/diskstore/iovec"
)

// Three blocks are written to two files, 20 bytes to the first, by calls that take at
// most two buffers.
func Example() {
	var v iovec.Vecs
	v.Reset([][]byte{make([]byte, 16), make([]byte, 16), make([]byte, 16)})
	for file, size := range []int64{20, 28} {
		for size > 0 {
			window := v.Next(size, 2)
			var moved int64
			for _, b := range window {
				moved += int64(len(b))
			}
			fmt.Println("file", file, "buffers", len(window), "bytes", moved)
			v.Advance(moved)
			size -= moved
		}
	}
	// Output:
	// file 0 buffers 2 bytes 20
	// file 1 buffers 2 bytes 28
}
