package metainfo

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"unsafe"

	"github.com/shoal-bt/shoal/bencode"
	"github.com/shoal-bt/shoal/metainfo/internal/batchhash"
	"github.com/shoal-bt/shoal/piecehash"
)

// A hashStore holds the hashes of a v2 torrent that are not in its info dictionary.
// They come with the .torrent file, or later from peers. Each was checked against a
// pieces root.
type hashStore struct {
	entries map[[32]byte]int // files longer than a piece, by pieces root

	mu     sync.RWMutex
	layers map[[32]byte][][32]byte // of these files
	leaves map[int][][32]byte      // by piece
}

// newHashStore returns a store without hashes. Several files may have the same root, but
// then their layer is the same, and so must be their lengths.
func newHashStore(files []File, pieceLength int64) (*hashStore, error) {
	s := &hashStore{entries: make(map[[32]byte]int)}
	for n := range files {
		f := &files[n]
		if f.Length <= pieceLength || f.PiecesRoot == [32]byte{} {
			continue
		}
		first, ok := s.entries[f.PiecesRoot]
		if ok && files[first].Length != f.Length {
			return nil, fmt.Errorf("files %s and %s have one pieces root and different lengths", quotePath(files[first].Original), quotePath(f.Original))
		}
		s.entries[f.PiecesRoot] = n
	}
	return s, nil
}

// PieceLayer returns the hashes of the pieces of the file with the given pieces root,
// which is longer than a piece. It reports false if they are not known. Do not change
// them.
func (i *Info) PieceLayer(root [32]byte) (hashes [][32]byte, ok bool) {
	i.hashes.mu.RLock()
	defer i.hashes.mu.RUnlock()
	hashes, ok = i.hashes.layers[root]
	return hashes, ok
}

// MissingLayers returns the pieces roots of the files whose piece layers are needed but
// not known, each once, in the order of the files. Without them a v2-only torrent
// cannot be checked. Metadata from peers (BEP 9) comes without any layer.
func (i *Info) MissingLayers() [][32]byte {
	if !i.HasV2() {
		return nil
	}
	var roots [][32]byte
	seen := make(map[[32]byte]bool)
	for n := range i.Entries {
		f := &i.Entries[n]
		if f.Length <= i.PieceLength || f.Pad || seen[f.PiecesRoot] {
			continue
		}
		seen[f.PiecesRoot] = true
		if _, ok := i.PieceLayer(f.PiecesRoot); !ok {
			roots = append(roots, f.PiecesRoot)
		}
	}
	return roots
}

// SetPieceLayer checks the piece layer of the file with the given pieces root against
// that root, and adds it. It copies hashes.
func (i *Info) SetPieceLayer(root [32]byte, hashes [][32]byte) error {
	if err := i.setPieceLayer(root, slices.Clone(hashes)); err != nil {
		return fmt.Errorf("metainfo: piece layer %x: %w", root[:4], err)
	}
	return nil
}

// setPieceLayer is SetPieceLayer, but keeps hashes.
func (i *Info) setPieceLayer(root [32]byte, hashes [][32]byte) error {
	entry, ok := i.hashes.entries[root]
	if !ok {
		return errors.New("no file longer than a piece has this root")
	}
	f := &i.Entries[entry]
	if first, end := f.Pieces(); len(hashes) != end-first {
		return fmt.Errorf("%d hashes for %d pieces", len(hashes), end-first)
	}
	if piecehash.Root(hashes, piecehash.PieceLayer(i.PieceLength)) != f.PiecesRoot {
		return errors.New("the hashes do not lead to the root")
	}
	i.hashes.mu.Lock()
	defer i.hashes.mu.Unlock()
	if i.hashes.layers == nil {
		i.hashes.layers = make(map[[32]byte][][32]byte)
	}
	i.hashes.layers[f.PiecesRoot] = hashes
	return nil
}

// SetLeaves checks the hashes of the blocks of one piece against the hash of the piece,
// and adds them, so that Verify can say which blocks are wrong. Only a piece that
// failed needs them; nil drops them. It copies leaves.
func (i *Info) SetLeaves(piece int, leaves [][32]byte) error {
	if !i.HasV2() || piece < 0 || piece >= i.Pieces() {
		return fmt.Errorf("metainfo: piece %d has no leaves", piece)
	}
	if leaves != nil {
		want, ok := i.pieceHashV2(piece)
		n := i.leafCount(piece)
		switch {
		case !ok:
			return fmt.Errorf("metainfo: piece %d: its hash is not known: call SetPieceLayer first", piece)
		case len(leaves) != n:
			return fmt.Errorf("metainfo: piece %d: %d leaves, want %d", piece, len(leaves), n)
		case i.rootOf(piece, leaves) != want:
			return fmt.Errorf("metainfo: piece %d: the leaves do not lead to its hash", piece)
		}
	}
	i.hashes.mu.Lock()
	defer i.hashes.mu.Unlock()
	if leaves == nil {
		delete(i.hashes.leaves, piece)
		return nil
	}
	if i.hashes.leaves == nil {
		i.hashes.leaves = make(map[int][][32]byte)
	}
	i.hashes.leaves[piece] = slices.Clone(leaves)
	return nil
}

// leavesOf returns the leaves of a piece, nil if they are not known.
func (i *Info) leavesOf(piece int) [][32]byte {
	i.hashes.mu.RLock()
	defer i.hashes.mu.RUnlock()
	return i.hashes.leaves[piece]
}

// pieceHashV2 returns the v2 hash of a piece. It reports false if the layer is not
// known.
func (i *Info) pieceHashV2(piece int) (hash [32]byte, ok bool) {
	f := &i.Entries[i.entryAt(int64(piece)*i.PieceLength)]
	if f.Length <= i.PieceLength {
		return f.PiecesRoot, true
	}
	layer, ok := i.PieceLayer(f.PiecesRoot)
	if !ok {
		return hash, false
	}
	first, _ := f.Pieces()
	return layer[piece-first], true
}

// rootOf returns the v2 hash of a piece that has these leaves.
func (i *Info) rootOf(piece int, leaves [][32]byte) [32]byte {
	f := &i.Entries[i.entryAt(int64(piece)*i.PieceLength)]
	return batchhash.PieceRoot(leaves, f.Length, i.PieceLength)
}

// readLayers reads the "piece layers" of a .torrent file. A layer that is wrong or of no
// file counts as missing, which is not an error, because peers have it.
// BEP 52, "piece layers": https://www.bittorrent.org/beps/bep_0052.html
func (i *Info) readLayers(v bencode.Value, w *warnings) {
	const part = "piece layers"
	layers, err := optional(v.GetDict(part))
	if err != nil {
		w.add(part, "%v; they count as missing", err)
	}
	for key, layer := range layers.Dict() {
		hashes, err := splitHashes(layer)
		if err == nil && len(key) != 32 {
			err = fmt.Errorf("its root has %d bytes, want 32", len(key))
		}
		if err == nil {
			err = i.setPieceLayer([32]byte(key), hashes)
		}
		if err != nil {
			w.add(part, "%x: %v; it counts as missing", key[:min(4, len(key))], err)
		}
	}
}

// splitHashes returns the hashes of a layer, which are a part of v.
func splitHashes(v bencode.Value) ([][32]byte, error) {
	b, err := v.Bytes()
	if err != nil {
		return nil, err
	}
	if len(b)%32 != 0 {
		return nil, fmt.Errorf("%d bytes, not a multiple of 32", len(b))
	}
	if len(b) == 0 {
		return nil, nil
	}
	// A copy of the hashes of two million pieces would take 64 MiB. Arrays of bytes
	// need no alignment.
	return unsafe.Slice((*[32]byte)(b), len(b)/32), nil
}
