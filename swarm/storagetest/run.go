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

// odd is a length that ends in a short piece and a short block.
const odd = 1<<20 + 7

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
		{"ReadsFillOnlyP", readsFillOnlyP},
		{"Vectors", vectors},
		{"ManyVectors", manyVectors},
		{"KeepsNoSlice", keepsNoSlice},
		{"ChangesNoSlice", changesNoSlice},
		{"Concurrent", concurrent},
		{"ConcurrentReads", concurrentReads},
		{"Sync", syncs},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := open(t, odd)
			test.run(t, s, odd)
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

// pattern returns n bytes that differ from seed to seed, none of them zero.
func pattern(seed uint64, n int64) []byte {
	r := rand.NewChaCha8([32]byte{byte(seed), byte(seed >> 8)})
	p := make([]byte, n)
	_, _ = r.Read(p) // it never fails
	for rest := p; ; {
		i := bytes.IndexByte(rest, 0)
		if i < 0 {
			return p
		}
		rest[i] = 1
		rest = rest[i:]
	}
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

// wantEqual says where got, read at off, differs from want.
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

// readOrMissing reads p and reports whether it could; bytes that were never
// written may be missing.
func readOrMissing(t testing.TB, s io.ReaderAt, p []byte, off int64) bool {
	t.Helper()
	n, err := s.ReadAt(p, off)
	switch {
	case err == nil || (err == io.EOF && n == len(p)):
		if n != len(p) {
			t.Fatalf("ReadAt of %d bytes at %d: %d and no error", len(p), off, n)
		}
		return true
	case errors.Is(err, fs.ErrNotExist):
		if n < 0 || n >= len(p) {
			t.Fatalf("ReadAt of %d bytes at %d: %d and %v", len(p), off, n, err)
		}
		return false
	}
	t.Fatalf("ReadAt of %d bytes at %d, not all written: %v; want no error or fs.ErrNotExist", len(p), off, err)
	return false
}
