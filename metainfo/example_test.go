package metainfo_test

import (
	"context"
	"fmt"
	"testing/fstest"

	"github.com/shoal-bt/shoal/metainfo"
)

// A folder becomes a hybrid torrent, which is written and read again.
func Example() {
	folder := fstest.MapFS{
		"hello.txt":  {Data: []byte("Hello, swarm.\n")},
		"sub/zeroes": {Data: make([]byte, 100_000)},
	}
	b := metainfo.Builder{
		Format:      metainfo.Hybrid,
		PieceLength: 64 << 10,
		Name:        "demo",
		Tiers:       [][]string{{"http://tracker.example/announce"}},
	}
	t, err := b.FS(context.Background(), folder, ".")
	if err != nil {
		fmt.Println(err)
		return
	}
	file, err := t.Bytes()
	if err != nil {
		fmt.Println(err)
		return
	}

	t, err = metainfo.Parse(file)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(t.Info.Name, t.Info.Pieces(), "pieces")
	for _, f := range t.Info.Entries {
		if !f.Pad {
			fmt.Println(f.Path, f.Length)
		}
	}
	for _, id := range t.IDs() {
		fmt.Println(id)
	}
	// Output:
	// demo 3 pieces
	// demo/hello.txt 14
	// demo/sub/zeroes 100000
	// d1aee870d52590ddeaf3d94b3f91b8bffa1fa3f5
	// c2a7dab80c8f28f94bd38c876e06fee5d44aab9e
}

func ExampleParseMagnet() {
	m, err := metainfo.ParseMagnet("magnet:?xt=urn:btih:c0fda1edafdbdbb96443424e0b3899af7159d10e&dn=temp&so=0,2-4")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(m.IDs()[0], m.Name, m.Selects(3), m.Selects(1))
	// Output: c0fda1edafdbdbb96443424e0b3899af7159d10e temp true false
}
