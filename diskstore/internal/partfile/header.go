package partfile

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"io"
	"iter"
)

// A Key belongs to one torrent.
type Key [sha256.Size]byte

// NewKey returns a digest of texts.
func NewKey(texts iter.Seq[string]) (key Key) {
	digest := sha256.New()
	var b []byte
	for text := range texts {
		b = binary.AppendUvarint(b[:0], uint64(len(text)))
		digest.Write(append(b, text...))
	}
	digest.Sum(key[:0])
	return key
}

// HeaderLen is the length of the header in bytes, with what it is padded with.
const HeaderLen = 4096

const (
	magic   = "shoal part file\n"
	version = 1
	keyAt   = len(magic) + 8
	sumAt   = keyAt + len(Key{})
	sumEnd  = sumAt + sha256.Size
)

// Begin writes the header of a part file, and returns when it is stable.
func Begin(f interface {
	io.WriterAt
	Sync() error
}, key Key) error {
	_, err := f.WriteAt(Header(key), 0)
	if err != nil {
		return err
	}
	return f.Sync()
}

// Header returns the header of a part file.
func Header(key Key) []byte {
	b := make([]byte, 0, HeaderLen)
	b = append(b, magic...)
	b = binary.BigEndian.AppendUint32(b, version)
	b = binary.BigEndian.AppendUint32(b, ChunkLen)
	b = append(b, key[:]...)
	sum := sha256.Sum256(b)
	b = append(b, sum[:]...)
	return b[:HeaderLen]
}

// A Kind says what a file is that may be a part file.
type Kind int

const (
	Other   Kind = iota // not a part file, or one of another torrent or another version
	Valid               // a part file of the torrent
	Damaged             // a part file, but nobody knows of which torrent
)

// Identify returns the kind of a file that begins with b.
func Identify(b []byte, key Key) Kind {
	switch {
	case !bytes.HasPrefix(b, []byte(magic)):
		return Other
	case bytes.HasPrefix(b, Header(key)[:sumEnd]):
		return Valid
	case len(b) < sumEnd:
		return Damaged
	}
	sum := sha256.Sum256(b[:sumAt])
	if bytes.Equal(sum[:], b[sumAt:sumEnd]) {
		return Other
	}
	return Damaged
}

// Open reads a file that may be a part file, and its Index if it is a valid one. The
// arguments and errors are those of Load. A file that has nothing but zeros where the header
// should be, and nothing after it, is a damaged part file: a crash came before its header.
func Open(r io.ReaderAt, size int64, key Key, files int, chunks int64, length func(file int) int64) (Kind, *Index, error) {
	header := make([]byte, min(size, HeaderLen))
	_, err := r.ReadAt(header, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return Other, nil, err
	}
	if size <= HeaderLen && len(bytes.Trim(header, "\x00")) == 0 {
		return Damaged, nil, nil
	}
	kind := Identify(header, key)
	if kind != Valid {
		return kind, nil, nil
	}
	x, err := Load(r, size, key, files, chunks, length)
	return kind, x, err
}
