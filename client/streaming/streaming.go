// Package streaming has the torrents of a client served by package stream.
//
// In come a [client.Torrent] and the calls of a [stream.Handler]. Out go the torrent's files, how much
// of them is held, and a [client.Reader] for each file that is opened. An adapter owns nothing but a
// list of the files. Not here: HTTP.
package streaming

import (
	"context"
	"encoding/hex"
	"fmt"
	"io/fs"
	"strconv"
	"sync"
	"time"

	"github.com/shoal-bt/shoal/client"
	"github.com/shoal-bt/shoal/metainfo"
	"github.com/shoal-bt/shoal/stream"
	"github.com/shoal-bt/shoal/swarm"
)

// listFor is how long a list of files is served before it is made again, because each request asks
// for it and a torrent may have 100,000 files.
const listFor = 500 * time.Millisecond

// sniffed is the number of bytes by which a file's type is guessed.
const sniffed = 512

// New returns the torrent for a stream.Handler. It has no files while its metadata is missing. What is
// held may be known half a second later. Make one for each torrent, and keep it.
func New(t *client.Torrent) stream.Torrent {
	return &torrent{torrent: t, id: hex.EncodeToString(idOf(t))}
}

func idOf(t *client.Torrent) []byte {
	id := t.ID()
	return id[:]
}

// A torrent is a client's torrent as a stream.Handler sees it.
type torrent struct {
	torrent *client.Torrent
	id      string

	mu    sync.Mutex // guards what follows; held while the list is made
	list  []stream.File
	files []client.File // of the list
	at    time.Time     // when it was made; zero for never
}

func (t *torrent) ID() string { return t.id }

func (t *torrent) Name() string { return t.torrent.Name() }

func (t *torrent) Files() []stream.File {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.at.IsZero() || time.Since(t.at) >= listFor {
		t.makeList()
	}
	return t.list
}

// makeList makes the list. Without metadata, or if it cannot be read, it is empty.
func (t *torrent) makeList() {
	t.list, t.files = nil, nil
	files, err := t.torrent.Files()
	if err != nil {
		return
	}
	meta, err := t.torrent.Metainfo()
	if err != nil {
		return
	}
	held := t.torrent.Bitfield()
	for _, f := range files {
		e := &meta.Info.Entries[f.Index]
		if e.Symlink != "" {
			continue
		}
		t.files = append(t.files, f)
		t.list = append(t.list, stream.File{
			Path:    f.Path,
			Length:  f.Length,
			Held:    f.Held,
			ETag:    t.tagOf(e, f.Index),
			Started: isStarted(held, meta.Info.PieceLength, f),
		})
	}
	t.at = time.Now()
}

// tagOf returns the entity tag of a file. A v2 torrent has a hash of each file.
func (t *torrent) tagOf(e *metainfo.File, index int) string {
	if e.PiecesRoot != [32]byte{} {
		return `"` + hex.EncodeToString(e.PiecesRoot[:]) + `"`
	}
	return `"` + t.id + "-" + strconv.Itoa(index) + `"`
}

// isStarted reports whether the bytes are held by which the file's type is guessed.
func isStarted(held swarm.Bitfield, pieceLength int64, f client.File) bool {
	end := f.Offset + min(f.Length, sniffed)
	for off := f.Offset; off < end; off = (off/pieceLength + 1) * pieceLength {
		if !held.Has(int(off / pieceLength)) {
			return false
		}
	}
	return true
}

func (t *torrent) Open(ctx context.Context, file int) (stream.Reader, error) {
	t.mu.Lock()
	if t.at.IsZero() {
		t.makeList()
	}
	files := t.files
	t.mu.Unlock()
	if file < 0 || file >= len(files) {
		_, err := t.torrent.Metainfo() // says it if the metadata is missing, or the torrent was removed
		if err != nil {
			return nil, err
		}
		return nil, fmt.Errorf("streaming: %q has no file %d: %w", t.torrent.Name(), file, fs.ErrNotExist)
	}
	r, err := files[file].NewReader(ctx)
	if err != nil {
		return nil, err // and not a nil *client.Reader in an interface
	}
	return r, nil
}
