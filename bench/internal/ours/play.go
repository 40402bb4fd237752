package ours

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"sync"
	"time"

	"github.com/shoal-bt/shoal/bench/internal/child"
	"github.com/shoal-bt/shoal/bench/internal/player"
	"github.com/shoal-bt/shoal/client"
)

// Play adds a torrent, with its content in dir and its record in state, and does what package
// player asks for with its first file.
func Play(p *child.Parent, torrent, dir, state string, peers []string) error {
	c, add, err := playing(torrent, dir, state, peers)
	if err != nil {
		return err
	}
	defer c.Close()
	if err := p.Ready(""); err != nil {
		return err
	}
	t, err := add(p.Context())
	if err != nil {
		return err
	}
	return player.Serve(p, player.Content{
		Open: func() (io.ReadSeekCloser, error) { return openFile(p.Context(), t) },
		Loaded: func() int64 {
			s := t.Stats()
			return s.Down.Total - s.Wasted
		},
	})
}

// playing returns a client, and what adds a torrent to it with the addresses of its peers.
func playing(torrent, dir, state string, peers []string) (*client.Client, func(context.Context) (*client.Torrent, error), error) {
	var addrs []netip.AddrPort
	for _, s := range peers {
		a, err := netip.ParseAddrPort(s)
		if err != nil {
			return nil, nil, err
		}
		addrs = append(addrs, a)
	}
	c, err := client.New(client.Config{Dir: dir, State: state, Listen: client.Off})
	return c, func(ctx context.Context) (*client.Torrent, error) {
		return c.Add(ctx, torrent, client.AddOptions{Peers: addrs})
	}, err
}

// openFile opens the first file of a torrent to be read while it is downloaded.
func openFile(ctx context.Context, t *client.Torrent) (*client.Reader, error) {
	files, err := t.Files()
	if err != nil {
		return nil, err
	}
	if len(files) == 0 {
		return nil, errors.New("the torrent has no file")
	}
	return files[0].NewReader(ctx)
}

// A Reading says how a file is read while it is downloaded.
type Reading struct {
	Rate int64 // bytes per second; 0 for as fast as they come, negative for not at all
}

// readStep is how much is read at a time.
const readStep = 64 << 10

// Read downloads a torrent from peers as Play does, and reads its first file from the middle
// meanwhile. It says how many bytes were read per second.
func (r Reading) Read(p *child.Parent, torrent, dir, state string, peers []string) error {
	c, add, err := playing(torrent, dir, state, peers)
	if err != nil {
		return err
	}
	defer c.Close()
	if err := p.Ready(""); err != nil {
		return err
	}
	began := time.Now()
	t, err := add(p.Context())
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancel(p.Context())
	defer stop()
	var n int64
	var errRead error
	var reading sync.WaitGroup
	if r.Rate >= 0 {
		reading.Go(func() { n, errRead = r.read(ctx, t) })
	}
	err = t.Wait(p.Context())
	took := time.Since(began)
	stop()
	reading.Wait()
	if err == nil {
		err = errRead
	}
	if err != nil {
		return err
	}
	return p.Done(fmt.Sprint(float64(n) / took.Seconds()))
}

// read reads until the end of the file or of ctx, and returns how many bytes.
func (r Reading) read(ctx context.Context, t *client.Torrent) (n int64, err error) {
	f, err := openFile(ctx, t)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	if _, err := f.Seek(t.Length()/2, io.SeekStart); err != nil {
		return 0, err
	}
	began := time.Now()
	buf := make([]byte, readStep)
	for ctx.Err() == nil {
		m, err := io.ReadFull(f, buf)
		n += int64(m)
		if ctx.Err() != nil || err == io.EOF || err == io.ErrUnexpectedEOF {
			break
		}
		if err != nil {
			return n, err
		}
		if r.Rate > 0 {
			due := began.Add(time.Duration(float64(n) / float64(r.Rate) * float64(time.Second)))
			select {
			case <-time.After(time.Until(due)):
			case <-ctx.Done():
			}
		}
	}
	return n, nil
}
