package storagetest

import (
	"bytes"
	"testing"

	"github.com/shoal-bt/shoal/swarm"
)

// RunPads tests storages with pads. Each call of open returns an empty storage
// of length bytes with the given pads, which are sorted and do not touch; the
// test closes it.
func RunPads(t *testing.T, open func(t *testing.T, length int64, pads []swarm.Span) swarm.Storage) {
	const length = 200000
	for _, test := range []struct {
		name string
		pads []swarm.Span
	}{
		{"One", []swarm.Span{{Offset: 50000, Length: 15536}}},
		{"AtTheStart", []swarm.Span{{Offset: 0, Length: 1}}},
		{"AtTheEnd", []swarm.Span{{Offset: length - 777, Length: 777}}},
		{"Several", []swarm.Span{{Offset: 1, Length: 1}, {Offset: 3, Length: 40000}, {Offset: 65536, Length: 1}, {Offset: 131072, Length: 65536}}},
		{"All", []swarm.Span{{Offset: 0, Length: length}}},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := open(t, length, test.pads)
			pads(t, s, length, test.pads)
			if err := s.Close(); err != nil {
				t.Errorf("Close: %v", err)
			}
		})
	}
}

// pads: pads read as zeros, and writes to them succeed and change nothing.
func pads(t *testing.T, s swarm.Storage, length int64, pads []swarm.Span) {
	for _, pad := range pads {
		p := bytes.Repeat([]byte{0xff}, int(pad.Length))
		wantReadAll(t, s, p, pad.Offset)
		wantEqual(t, p, make([]byte, pad.Length), pad.Offset)
	}
	written := pattern(50, length)
	want := bytes.Clone(written)
	for _, pad := range pads {
		clear(want[pad.Offset:pad.End()])
	}
	mustWriteVec(t, s, cut(written, 16384, 0, 777), 0)
	wantBytes(t, s, want, 0)
	mustWrite(t, s, written, 0)
	wantBytes(t, s, want, 0)
	for _, pad := range pads {
		mustWrite(t, s, written[pad.Offset:pad.End()], pad.Offset)
	}
	p := bytes.Repeat([]byte{0xff}, int(length))
	if n, err := swarm.ReadVecAt(s, cut(p, 1, 2, 16384), 0); n != length || err != nil {
		t.Fatalf("ReadVecAt of all %d bytes: %d, %v", length, n, err)
	}
	wantEqual(t, p, want, 0)
}
