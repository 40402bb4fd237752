package builder_test

import (
	"context"
	"fmt"
	"testing/fstest"

	"github.com/shoal-bt/shoal/metainfo"
	"github.com/shoal-bt/shoal/metainfo/builder"
)

// A folder becomes a hybrid torrent, which is written and read again.
func Example() {
	folder := fstest.MapFS{
		"hello.txt":  {Data: []byte("Hello, swarm.\n")},
		"sub/zeroes": {Data: make([]byte, 100_000)},
	}
	options := builder.Options{
		Format:      metainfo.Hybrid,
		PieceLength: 64 << 10,
		Name:        "demo",
		Tiers:       [][]string{{"http://tracker.example/announce"}},
	}
	t, err := options.FS(context.Background(), folder, ".")
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
