// Package own gives the examples a swarm of their own: a seed on loopback, so
// that each can be tried without a torrent at hand.
package own

import (
	"context"
	"math/rand/v2"
	"net/netip"
	"os"

	"github.com/shoal-bt/shoal/client"
	"github.com/shoal-bt/shoal/metainfo"
	"github.com/shoal-bt/shoal/metainfo/builder"
)

// Content returns n bytes that are the same at each call.
func Content(n int) []byte {
	b := make([]byte, n)
	rand.NewChaCha8([32]byte{1}).Read(b)
	return b
}

// A Seed is a client in this process that seeds a sample.
type Seed struct {
	Torrent *metainfo.Torrent
	Addr    netip.AddrPort
	Close   func() error
}

// NewSeed seeds 8 MiB from memory until it is closed.
func NewSeed(ctx context.Context) (*Seed, error) {
	c, err := client.New(client.Config{State: client.Off, Listen: "127.0.0.1:0"})
	if err != nil {
		return nil, err
	}
	t, err := c.Seed(ctx, Content(8<<20+12345), client.SeedOptions{
		Build: builder.Options{Name: "sample.bin", PieceLength: 256 << 10},
	})
	if err != nil {
		c.Close()
		return nil, err
	}
	meta, err := t.Metainfo()
	if err != nil {
		c.Close()
		return nil, err
	}
	return &Seed{meta, c.Addr(), c.Close}, nil
}

// Dir makes a temporary folder; remove deletes it.
func Dir() (dir string, remove func(), err error) {
	dir, err = os.MkdirTemp("", "shoal-example-")
	return dir, func() { os.RemoveAll(dir) }, err
}
