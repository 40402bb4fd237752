package metainfo

import (
	"math"

	"github.com/shoal-bt/shoal/metainfo/internal/layout"
)

// Options limit what is accepted from strangers. The zero value is ready for use;
// Parse, ParseInfo and ReadFile use it. Options may be used from many goroutines.
type Options struct {
	// MaxBytes is the largest length of a .torrent file or an info dictionary, in
	// bytes. Zero means 10 MiB for a file and 30 MiB for an info dictionary
	// alone, a negative number means no limit.
	MaxBytes int64

	// MaxPieces is the largest number of pieces of a torrent. Zero means
	// 2,097,152, a negative number means 2,147,483,647.
	MaxPieces int
}

func (o Options) maxBytes(def int64) int64 {
	switch {
	case o.MaxBytes == 0:
		return def
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
