package metainfo

import (
	"math"

	"github.com/shoal-bt/shoal/metainfo/internal/layout"
)

// maxURLs is the number of trackers, of web seeds and so on. It has no option, because no
// honest torrent comes near it.
const maxURLs = 10_000

// Options limit what is accepted from strangers. The zero value is ready for use;
// Parse, ParseInfo and ReadFile use it. Options may be used from many goroutines.
type Options struct {
	// MaxBytes is the largest length of a .torrent file, or of an info dictionary
	// alone, in bytes. Zero means 128 MiB, which is enough for a hybrid of 2,097,152
	// pieces; a negative number means no limit. What is read takes about as much
	// memory as the file, and up to 600 bytes for each file of the torrent.
	MaxBytes int64

	// MaxPieces is the largest number of pieces of a torrent. Zero means
	// 2,097,152, a negative number means 2,147,483,647.
	MaxPieces int
}

func (o Options) maxBytes() int64 {
	switch {
	case o.MaxBytes == 0:
		return layout.MaxBytes
	case o.MaxBytes < 0:
		return math.MaxInt64 - 1
	}
	return min(o.MaxBytes, math.MaxInt64-1)
}

func (o Options) maxPieces() int64 {
	switch {
	case o.MaxPieces == 0:
		return layout.MaxPieces
	case o.MaxPieces < 0:
		return math.MaxInt32
	}
	return min(int64(o.MaxPieces), math.MaxInt32)
}
