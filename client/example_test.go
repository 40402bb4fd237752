package client_test

import (
	"context"
	"fmt"
	"io"
	"log"
	"net/netip"
	"os"
	"path/filepath"

	"github.com/shoal-bt/shoal/client"
	"github.com/shoal-bt/shoal/metainfo/builder"
)

// A client seeds some bytes, and another one downloads them into a file.
func Example() {
	dir, err := os.MkdirTemp("", "shoal")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	ctx := context.Background()

	seeder, err := client.New(client.Config{State: client.Off, Listen: "127.0.0.1:0"})
	if err != nil {
		log.Fatal(err)
	}
	defer seeder.Close()
	seed, err := seeder.Seed(ctx, []byte("many fish"), client.SeedOptions{Build: builder.Options{Name: "fish.txt"}})
	if err != nil {
		log.Fatal(err)
	}
	meta, err := seed.Metainfo()
	if err != nil {
		log.Fatal(err)
	}
	torrent, err := meta.Bytes()
	if err != nil {
		log.Fatal(err)
	}

	c, err := client.New(client.Config{Dir: dir, State: client.Off, Listen: client.Off})
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()
	t, err := c.Add(ctx, torrent, client.AddOptions{Peers: []netip.AddrPort{seeder.Addr()}})
	if err != nil {
		log.Fatal(err)
	}
	if err := t.Wait(ctx); err != nil {
		log.Fatal(err)
	}
	files, err := t.Files()
	if err != nil {
		log.Fatal(err)
	}
	b, err := os.ReadFile(filepath.Join(t.Dir(), files[0].Path))
	fmt.Printf("%s %.0f%% %s %v\n", t.Name(), 100*t.Progress(), b, err)
	// Output: fish.txt 100% many fish <nil>
}

// A reader returns the end of a file before the rest is there.
func ExampleFile_NewReader() {
	ctx := context.Background()
	seeder, err := client.New(client.Config{State: client.Off, Listen: "127.0.0.1:0"})
	if err != nil {
		log.Fatal(err)
	}
	defer seeder.Close()
	seed, err := seeder.Seed(ctx, []byte("many fish"), client.SeedOptions{Build: builder.Options{Name: "fish.txt"}})
	if err != nil {
		log.Fatal(err)
	}
	dir, err := os.MkdirTemp("", "shoal")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	c, err := client.New(client.Config{Dir: dir, State: client.Off, Listen: client.Off})
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()
	t, err := c.Add(ctx, seed.Magnet(), client.AddOptions{Peers: []netip.AddrPort{seeder.Addr()}})
	if err != nil {
		log.Fatal(err)
	}
	if err := t.Ready(ctx); err != nil { // the metadata is there
		log.Fatal(err)
	}
	f, err := t.File("fish.txt")
	if err != nil {
		log.Fatal(err)
	}
	r, err := f.NewReader(ctx)
	if err != nil {
		log.Fatal(err)
	}
	defer r.Close()
	if _, err := r.Seek(-4, io.SeekEnd); err != nil {
		log.Fatal(err)
	}
	b, err := io.ReadAll(r)
	fmt.Printf("%s %v\n", b, err)
	// Output: fish <nil>
}
