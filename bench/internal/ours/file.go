package ours

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/shoal-bt/shoal/client"
)

// openFile opens the first file of a torrent to be read while it is downloaded.
func openFile(ctx context.Context, t *client.Torrent) (io.ReadSeekCloser, error) {
	m, err := t.Metainfo()
	if err != nil {
		return nil, err
	}
	return &file{ctx: ctx, torrent: t, pieceLength: m.Info.PieceLength}, nil
}

// ahead is how many bytes have deadlines.
const ahead = 32 << 20

// A file reads a torrent from its beginning. What comes next has deadlines, a second apart.
type file struct {
	ctx         context.Context
	torrent     *client.Torrent
	pieceLength int64
	at          int64
	asked       int // the piece before which all have deadlines
}

// Read implements io.Reader.
func (f *file) Read(p []byte) (int, error) {
	if f.at == f.torrent.Length() {
		return 0, io.EOF
	}
	first := int(f.at / f.pieceLength)
	last := int(min(f.at+ahead, f.torrent.Length()-1) / f.pieceLength)
	for f.asked = max(f.asked, first); f.asked <= last; f.asked++ {
		at := time.Now().Add(time.Duration(f.asked-first) * time.Second * time.Duration(f.pieceLength) / (10 << 20))
		if err := f.torrent.SetDeadline(f.asked, at); err != nil {
			return 0, err
		}
	}
	if err := f.torrent.Await(f.ctx, first); err != nil {
		return 0, err
	}
	n := min(int64(len(p)), int64(first+1)*f.pieceLength-f.at, f.torrent.Length()-f.at)
	m, err := f.torrent.ReadAt(p[:n], f.at)
	f.at += int64(m)
	return m, err
}

// Seek implements io.Seeker.
func (f *file) Seek(off int64, whence int) (int64, error) {
	if whence != io.SeekStart {
		return 0, errors.ErrUnsupported
	}
	f.at, f.asked = off, 0
	return off, f.torrent.ClearDeadlines()
}

// Close implements io.Closer.
func (f *file) Close() error { return f.torrent.ClearDeadlines() }
