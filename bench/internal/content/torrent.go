package content

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/shoal-bt/shoal/bencode"
	"github.com/shoal-bt/shoal/metainfo"
	"github.com/shoal-bt/shoal/piecehash"
)

// batch is the number of bytes that are hashed side by side.
const batch = 16 << 20

// Hashes returns the hashes of the pieces of the first length bytes of a file, which
// are a multiple of pieceLength.
func Hashes(ctx context.Context, path string, length, pieceLength int64) ([][20]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	each := max(1, batch/pieceLength)
	hashes := make([][20]byte, length/pieceLength)
	var next atomic.Int64
	var all sync.WaitGroup
	errs := make([]error, runtime.GOMAXPROCS(0))
	for w := range errs {
		all.Go(func() {
			buf := make([]byte, each*pieceLength)
			for ctx.Err() == nil {
				first := next.Add(each) - each
				n := min(each, int64(len(hashes))-first)
				if n <= 0 {
					return
				}
				b := buf[:n*pieceLength]
				if _, err := io.ReadFull(io.NewSectionReader(f, first*pieceLength, int64(len(b))), b); err != nil {
					errs[w] = err
					return
				}
				pieces := make([][][]byte, n)
				for i := range pieces {
					pieces[i] = [][]byte{b[int64(i)*pieceLength:][:pieceLength]}
				}
				piecehash.Sum1(hashes[first:first+n], pieces)
			}
		})
	}
	all.Wait()
	return hashes, errors.Join(append(errs, ctx.Err())...)
}

// Info describes a torrent that is to be made.
type Info struct {
	Name        string
	Length      int64 // bytes
	PieceLength int64 // bytes
	Hashes      [][20]byte
	Files       int // of unequal length, in a folder; 0 for one file and no folder
	Announce    string
}

// Write makes the .torrent file.
func (i Info) Write(path string) error {
	pieces := make([]byte, 0, 20*len(i.Hashes))
	for _, h := range i.Hashes {
		pieces = append(pieces, h[:]...)
	}
	info := map[string]any{"name": i.Name, "piece length": i.PieceLength, "pieces": pieces}
	if i.Files == 0 {
		info["length"] = i.Length
	} else {
		var files []any
		for n, length := range shares(i.Length, i.Files) {
			files = append(files, map[string]any{"length": length, "path": []any{fmt.Sprintf("%04d.bin", n)}})
		}
		info["files"] = files
	}
	tor := map[string]any{"info": info}
	if i.Announce != "" {
		tor["announce"] = i.Announce
	}
	b, err := bencode.Marshal(tor)
	if err != nil {
		return err
	}
	if _, err := metainfo.Parse(b); err != nil {
		return err
	}
	return os.WriteFile(path, b, 0o644)
}

// shares cuts length into n parts of which no two neighbours are equal, so that
// files begin anywhere in pieces.
func shares(length int64, n int) []int64 {
	parts := make([]int64, n)
	part := length / int64(n)
	at := int64(0)
	for i := range n - 1 {
		end := part*int64(i+1) + part/3*int64(i%2) - int64(i)
		parts[i], at = end-at, end
	}
	parts[n-1] = length - at
	return parts
}
