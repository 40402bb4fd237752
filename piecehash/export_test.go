package piecehash

import (
	"encoding"
	"encoding/binary"
	"strings"
	"time"
	"unsafe"
)

// A Path is one way to hash batches, which tests and benchmarks can force.
type Path struct {
	Name  string
	Lanes int // at once; 0 for the standard library alone
	one   *choice
	two   *choice
}

// Slow reports whether the path is written to be simple, not fast: it is a reference.
func (p Path) Slow() bool { return strings.HasPrefix(p.Name, "reference") }

// Force makes all functions hash this way until restore is called.
func (p Path) Force() (restore func()) {
	one, two := alg1.choice.Swap(p.one), alg256.choice.Swap(p.two)
	return func() {
		alg1.choice.Store(one)
		alg256.choice.Store(two)
	}
}

// Paths returns every way that this processor can hash: the standard library; each
// kernel alone, for any number of lanes; and each kernel with a change to the standard
// library when few lanes are left. The reference replaces kernels that the processor
// does not have, also one of few lanes that takes over from one of many.
func Paths() []Path {
	ref1, ref256 := reference(&alg1, lanes), reference(&alg256, lanes)
	paths := []Path{
		{"std", 0, new(choice), new(choice)},
		{"reference", lanes, only(ref1), only(ref256)},
		{"reference-ending", lanes, ending(ref1), ending(ref256)},
		{"reference-narrowing", lanes, narrowing(ref1, reference(&alg1, 3)), narrowing(ref256, reference(&alg256, 3))},
	}
	for i, k := range alg1.kernels {
		paths = append(paths,
			Path{k.name, k.width, only(k), only(alg256.kernels[i])},
			Path{k.name + "-ending", k.width, ending(k), ending(alg256.kernels[i])},
		)
	}
	return paths
}

// only is the choice of k for any number of lanes.
func only(k kernel) *choice {
	c := new(choice)
	for n := 1; n <= lanes; n++ {
		c.kernels[n] = &k
	}
	return c
}

// ending is the choice of k while more than 3 of its lanes are in use, or all of them.
func ending(k kernel) *choice {
	c := only(k)
	for n := 1; n <= min(3, k.width-1); n++ {
		c.kernels[n] = nil
	}
	return c
}

// narrowing is the choice of many while more than 12 lanes are in use, then of few,
// and of the standard library for the last one.
func narrowing(many, few kernel) *choice {
	c := only(many)
	for n := 1; n <= 12; n++ {
		c.kernels[n] = &few
	}
	c.kernels[1] = nil
	return c
}

// Choose returns the choice for n messages if the standard library takes std for one
// of them, and kernels of some numbers of lanes take times: how many messages to hash
// side by side at first, and the width of the kernel for them, 0 for the standard
// library.
func Choose(n int, std time.Duration, widths []int, times []time.Duration) (first, width int) {
	var kernels []kernel
	for _, w := range widths {
		kernels = append(kernels, kernel{width: w})
	}
	c := choose(kernels, costs{std, times})
	if k := c.kernel(n); k != nil {
		width = k.width
	}
	return c.lanes(n), width
}

// Measured returns how many lanes each algorithm uses on this processor for a batch of
// n messages.
func Measured(n int) (one, two int) { return alg1.best().lanes(n), alg256.best().lanes(n) }

// Measure repeats the measurements.
func Measure() {
	choose(alg1.kernels, alg1.measure())
	choose(alg256.kernels, alg256.measure())
}

// reference is a kernel that calls the standard library, so that the code around
// kernels is tested on every processor.
func reference(a *algorithm, width int) kernel {
	return kernel{"reference", width, func(state *[8][lanes]uint32, at *[lanes]*byte, blocks int) {
		h := a.hasher()
		defer a.hashers.Put(h)
		for l := range width {
			b := []byte(a.magic)
			for w := range a.init {
				b = binary.BigEndian.AppendUint32(b, state[w][l])
			}
			b = append(b, make([]byte, blockLen+8)...)
			if err := h.(encoding.BinaryUnmarshaler).UnmarshalBinary(b); err != nil {
				panic(err)
			}
			h.Write(unsafe.Slice(at[l], blocks*blockLen))
			b, err := h.(encoding.BinaryMarshaler).MarshalBinary()
			if err != nil {
				panic(err)
			}
			for w := range a.init {
				state[w][l] = binary.BigEndian.Uint32(b[len(a.magic)+4*w:])
			}
		}
	}}
}
