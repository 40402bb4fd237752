package stream

import (
	"context"
	"io"
)

// A Torrent is what a Handler serves. Its methods may be called concurrently, often, and by
// requests that wait, so they should be quick; only reads of a Reader may wait.
type Torrent interface {
	// ID names the torrent in URLs. It consists of 1 to 64 lower-case hexadecimal digits.
	ID() string

	// Name is shown to people. It may contain any bytes.
	Name() string

	// Files returns the files without padding and symbolic links. Their order does not
	// change. It is called by each request. The Handler does not change the slice and does not
	// keep it after the request.
	Files() []File

	// Open opens the file with an index in Files. The context ends when the request does, and
	// ends all reads. The Handler closes the Reader.
	Open(ctx context.Context, file int) (Reader, error)
}

// A File is a file of a Torrent, and how much of it is there.
type File struct {
	Path    string // with slashes between the elements; may contain any bytes
	Length  int64  // in bytes
	Held    int64  // bytes that are there and checked
	ETag    string // identifies the content: a strong entity tag with its quotes; empty for none
	Started bool   // the first bytes are there, so that they can be read without waiting
}

// A Reader reads a file. A read waits until its first byte is there. Close and SetAhead may be
// called while another call is under way; Close ends it.
type Reader interface {
	io.ReadSeekCloser

	// SetAhead says how many bytes after the position should be downloaded ahead of other parts of
	// the torrent. 0 leaves it to the Reader, a negative number means no more than a read needs.
	SetAhead(bytes int64)
}
