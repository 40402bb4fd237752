package attack

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"time"

	"github.com/shoal-bt/shoal/bench/internal/content"
	"github.com/shoal-bt/shoal/metainfo"
)

// A Setting is where attacks take place.
type Setting struct {
	Shoal string // the program
	Dir   string // holds content and torrents, which are made on demand and used again

	// First is the first byte of all addresses: 127 for loopback, or another in a network
	// namespace in which every address of First.18.0.0/15 is this machine's.
	First byte

	Size  int64         // of a download of which the rate is measured, in bytes: a multiple of pieceLength
	Conns int           // slow handshakes
	Limit time.Duration // for anything that is waited for
	Quick bool          // send little, to see that it works

	environ []string // of the program, beside the usual
}

// pieceLength is short, so that a torrent has many pieces, as a large one has.
const pieceLength = 16 << 10

// programAddr is the address of the program.
func (s *Setting) programAddr() netip.Addr { return netip.AddrFrom4([4]byte{s.First, 18, 0, 1}) }

// honest is the address of an honest peer.
func (s *Setting) honest(i int) netip.Addr {
	return netip.AddrFrom4([4]byte{s.First, 18, 1, byte(1 + i)})
}

// visitor is the address of an honest peer that comes before everybody else.
func (s *Setting) visitor() netip.Addr { return netip.AddrFrom4([4]byte{s.First, 18, 2, 1}) }

// attacker is the address of an attacker that has one address.
func (s *Setting) attacker() netip.Addr { return netip.AddrFrom4([4]byte{s.First, 19, 0, 1}) }

// network is an address of an attacker that has addresses in several /24.
func (s *Setting) network(i int) netip.Addr { return netip.AddrFrom4([4]byte{s.First, 19, byte(i), 2}) }

// some returns n, or far fewer if the setting is quick.
func (s *Setting) some(n int) int {
	if s.Quick {
		return max(1, n/20)
	}
	return n
}

// within returns a context that ends when the setting's limit has passed.
func (s *Setting) within(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, s.Limit)
}

// A torrent is one of a setting's.
type torrent struct {
	*metainfo.Torrent
	file string // the .torrent file
	path string // of the content
}

// torrents returns n torrents of the same content of size bytes, each with a name of its
// own. It makes them unless they are there.
func (s *Setting) torrents(ctx context.Context, size int64, n int) ([]torrent, error) {
	if err := os.MkdirAll(s.Dir, 0o755); err != nil {
		return nil, err
	}
	base := filepath.Join(s.Dir, fmt.Sprintf("%d.bin", size))
	_, err := os.Stat(base)
	if errors.Is(err, fs.ErrNotExist) {
		err = content.Random(ctx, base, size)
	}
	if err != nil {
		return nil, err
	}
	var hashes [][20]byte
	all := make([]torrent, n)
	for i := range all {
		name := fmt.Sprintf("%d-%d.bin", size, i)
		t := torrent{file: filepath.Join(s.Dir, name+".torrent"), path: filepath.Join(s.Dir, name)}
		t.Torrent, err = metainfo.ReadFile(t.file)
		if errors.Is(err, fs.ErrNotExist) {
			err = nil
			if hashes == nil {
				hashes, err = content.Hashes(ctx, base, size, pieceLength)
			}
			if err == nil {
				t.Torrent, err = makeTorrent(base, t, hashes)
			}
		}
		if err != nil {
			return nil, err
		}
		all[i] = t
	}
	return all, nil
}

// makeTorrent makes a torrent whose content is another name of the file base.
func makeTorrent(base string, t torrent, hashes [][20]byte) (*metainfo.Torrent, error) {
	if err := os.Link(base, t.path); err != nil {
		return nil, err
	}
	info := content.Info{
		Name:        filepath.Base(t.path),
		Length:      int64(len(hashes)) * pieceLength,
		PieceLength: pieceLength,
		Hashes:      hashes,
	}
	if err := info.Write(t.file); err != nil {
		return nil, err
	}
	return metainfo.ReadFile(t.file)
}

// torrent returns one torrent of size bytes.
func (s *Setting) torrent(ctx context.Context, size int64) (torrent, error) {
	all, err := s.torrents(ctx, size, 1)
	if err != nil {
		return torrent{}, err
	}
	return all[0], nil
}

// listen listens at a free port of an address.
func listen(a netip.Addr) (net.Listener, error) {
	return net.Listen("tcp", netip.AddrPortFrom(a, 0).String())
}

// pause waits, or returns an error when ctx is done.
func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
