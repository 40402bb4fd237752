package piecehash

// A Tree holds the merkle tree of one file, from some layer up to the root. It never
// changes: any number of goroutines may use it at once.
type Tree struct {
	base   int
	layers [][][32]byte // layers[i] is layer base+i without its padding
}

// NewTree makes the tree above hashes of layer base: the leaves of a file with base 0,
// or its piece layer with base [PieceLayer], without padding. It copies hashes, takes
// about twice their memory, and computes one hash for each of them. There must be at
// least one.
func NewTree(hashes [][32]byte, base int) *Tree {
	top := Height(int64(len(hashes)), base)
	total := 0
	for n := len(hashes); ; n = (n + 1) / 2 {
		total += n
		if n == 1 {
			break
		}
	}
	rest := make([][32]byte, total)
	t := &Tree{base: base, layers: make([][][32]byte, 0, top-base+1)}
	n := copy(rest, hashes)
	t.layers = append(t.layers, rest[:n:n])
	for layer := base; layer < top; layer++ {
		below := rest[:n]
		rest = rest[n:]
		n = parents(rest, below, &pads[layer])
		t.layers = append(t.layers, rest[:n:n])
	}
	return t
}

// Base returns the lowest layer that the tree holds.
func (t *Tree) Base() int { return t.base }

// Height returns the layer of the root, counted from the leaves.
func (t *Tree) Height() int { return t.base + len(t.layers) - 1 }

// Root returns the hash of the whole file, its "pieces root".
func (t *Tree) Root() [32]byte { return t.layers[len(t.layers)-1][0] }

// Layer returns the hashes of a layer without padding, or nil if the tree does not hold
// that layer. The slice belongs to the tree; do not change it.
func (t *Tree) Layer(layer int) [][32]byte {
	if layer < t.base || layer > t.Height() {
		return nil
	}
	return t.layers[layer-t.base]
}

// hash returns one hash of a layer that the tree holds, padding included.
func (t *Tree) hash(layer, index int) [32]byte {
	if row := t.layers[layer-t.base]; index < len(row) {
		return row[index]
	}
	return pads[layer]
}
