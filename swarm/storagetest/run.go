package storagetest

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"math/rand/v2"
	"testing"

	"github.com/shoal-bt/shoal/swarm"
)

// oddLength is a length in bytes that ends in a short piece and a short block.
const oddLength = 1<<20 + 7

// Run tests the storages that open makes. Each call of open returns an empty
// storage of length bytes without pads; the test closes it.
func Run(t *testing.T, open func(t *testing.T, length int64) swarm.Storage) {
	for _, test := range []struct {
		name string
		run  func(t *testing.T, s swarm.Storage, length int64)
	}{
		{"UnwrittenIsZeroOrNotExist", unwritten},
		{"PartlyWritten", partlyWritten},
		{"RoundTrip", roundTrip},
		{"ReadBackAtOnce", readBackAtOnce},
		{"Overwrite", overwrite},
		{"Boundaries", boundaries},
		{"EmptyCalls", emptyCalls},
		{"OutsideTheTorrent", outside},
		{"ReadsFillOnlyP", readsFillOnlyP},
		{"Vectors", vectors},
		{"ManyVectors", manyVectors},
		{"KeepsNoSlice", keepsNoSlice},
		{"ChangesNoSlice", changesNoSlice},
		{"Concurrent", concurrent},
		{"ConcurrentReads", concurrentReads},
		{"WriteLane", writeLanes},
		{"Sync", syncs},
		{"Idle", idles},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := open(t, oddLength)
			test.run(t, s, oddLength)
			if err := s.Close(); err != nil {
				t.Errorf("Close: %v", err)
			}
		})
	}
	t.Run("OneByte", func(t *testing.T) {
		s := open(t, 1)
		mustWrite(t, s, []byte{0x5a}, 0)
		wantBytes(t, s, []byte{0x5a}, 0)
		if err := s.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
}

// pattern returns n bytes, none of them zero, that differ from seed to seed.
func pattern(seed uint64, n int64) []byte {
	r := rand.NewChaCha8([32]byte{byte(seed), byte(seed >> 8)})
	p := make([]byte, n)
	_, _ = r.Read(p) // it never fails
	for i := range p {
		p[i] = max(p[i], 1)
	}
	return p
}

// mustWrite writes p, all of which must be written.
func mustWrite(t testing.TB, s swarm.Storage, p []byte, off int64) {
	t.Helper()
	n, err := s.WriteAt(p, off)
	if n != len(p) || err != nil {
		t.Fatalf("WriteAt of %d bytes at %d: %d, %v; want all and no error", len(p), off, n, err)
	}
}

// wantBytes reads as many bytes as want has, in one call, and compares.
func wantBytes(t testing.TB, s io.ReaderAt, want []byte, off int64) {
	t.Helper()
	p := make([]byte, len(want))
	n, err := s.ReadAt(p, off)
	if n != len(p) || (err != nil && err != io.EOF) {
		t.Fatalf("ReadAt of %d bytes at %d: %d, %v; want all and no error", len(p), off, n, err)
	}
	wantEqual(t, p, want, off)
}

// wantEqual fails at the first byte where got, read at off, differs from want.
func wantEqual(t testing.TB, got, want []byte, off int64) {
	t.Helper()
	if bytes.Equal(got, want) {
		return
	}
	for i := range want {
		if got[i] != want[i] {
			t.Fatalf("byte %d of the torrent reads as %#x, want %#x (read %d bytes at %d)", off+int64(i), got[i], want[i], len(want), off)
		}
	}
}

// readOrMissing reads p and returns how many bytes it got: all, or fewer if some
// were never written and the storage says so.
func readOrMissing(t testing.TB, s io.ReaderAt, p []byte, off int64) int {
	t.Helper()
	n, err := s.ReadAt(p, off)
	all := err == nil || err == io.EOF
	switch {
	case n < 0 || n > len(p) || (all && n < len(p)):
		t.Fatalf("ReadAt of %d bytes at %d: %d, %v; want all bytes, or fewer and an error", len(p), off, n, err)
	case !all && (n == len(p) || !errors.Is(err, fs.ErrNotExist)):
		t.Fatalf("ReadAt of %d bytes at %d, not all written: %d, %v; want all and no error, or fewer and fs.ErrNotExist", len(p), off, n, err)
	}
	return n
}
