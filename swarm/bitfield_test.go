package swarm_test

import (
	"bytes"
	"testing"

	"github.com/shoal-bt/shoal/swarm"
)

func TestBitfield(t *testing.T) {
	for _, n := range []int{0, 1, 7, 8, 9, 15, 16, 17, 100} {
		b := swarm.NewBitfield(n)
		if len(b) != (n+7)/8 || !b.Fits(n) || b.Count() != 0 {
			t.Errorf("NewBitfield(%d) = %x", n, b)
		}
		for i := range n {
			if i%3 == 0 {
				b.Set(i)
				b.Set(i)
			}
		}
		for i := -9; i < n+20; i++ {
			if want := i >= 0 && i < n && i%3 == 0; b.Has(i) != want {
				t.Errorf("of %d pieces, piece %d: %v, want %v", n, i, b.Has(i), want)
			}
		}
		if b.Count() != (n+2)/3 || !b.Fits(n) {
			t.Errorf("of %d pieces, every third: %x has %d", n, b, b.Count())
		}
		all := b.Clone()
		all.SetAll(n)
		if all.Count() != n || !all.Fits(n) {
			t.Errorf("SetAll(%d): %x", n, all)
		}
		if n > 0 {
			all.Clear(n - 1)
			all.Clear(n - 1)
			if all.Has(n-1) || all.Count() != n-1 {
				t.Errorf("of %d pieces, without the last: %x", n, all)
			}
		}
		if b.Count() != (n+2)/3 {
			t.Errorf("of %d pieces: a clone shares its bytes", n)
		}
	}
}

// The order of bits is that of BEP 3.
func TestBitfieldOnTheWire(t *testing.T) {
	b := swarm.NewBitfield(12)
	b.Set(0)
	b.Set(7)
	b.Set(8)
	b.Set(11)
	if want := []byte{0x81, 0x90}; !bytes.Equal(b, want) {
		t.Errorf("0, 7, 8 and 11 of 12 are %x, want %x", []byte(b), want)
	}
}

func TestFits(t *testing.T) {
	for _, test := range []struct {
		b    swarm.Bitfield
		n    int
		want bool
	}{
		{nil, 0, true},
		{swarm.Bitfield{}, 0, true},
		{swarm.Bitfield{0}, 0, false},
		{nil, 1, false},
		{swarm.Bitfield{0x80}, 1, true},
		{swarm.Bitfield{0xc0}, 1, false},
		{swarm.Bitfield{0xfe}, 7, true},
		{swarm.Bitfield{0xff}, 7, false},
		{swarm.Bitfield{0xff}, 8, true},
		{swarm.Bitfield{0xff}, 9, false},
		{swarm.Bitfield{0xff, 0x80}, 9, true},
		{swarm.Bitfield{0xff, 0x01}, 9, false},
		{swarm.Bitfield{0xff, 0x80, 0}, 9, false},
	} {
		if got := test.b.Fits(test.n); got != test.want {
			t.Errorf("%x fits %d pieces: %v, want %v", []byte(test.b), test.n, got, test.want)
		}
	}
}
