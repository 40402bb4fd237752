// Seed makes a torrent of a file or folder and seeds it until it is interrupted;
// without arguments it makes a folder of its own and stops at once.
//
//	seed [PATH [TRACKER]]
package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"os"
	"os/signal"
	"path/filepath"

	"github.com/shoal-bt/shoal/client"
	"github.com/shoal-bt/shoal/examples/internal/own"
	"github.com/shoal-bt/shoal/metainfo/builder"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Stdout, os.Args[1:]); err != nil {
		log.Fatal("seed: ", err)
	}
}

func run(ctx context.Context, out io.Writer, args []string) error {
	if len(args) > 0 {
		build := builder.Options{}
		if len(args) > 1 {
			build.Tiers = [][]string{{args[1]}}
		}
		return seed(ctx, out, args[0], args[0]+".torrent", build, func() { <-ctx.Done() })
	}
	dir, remove, err := own.Dir()
	if err != nil {
		return err
	}
	defer remove()
	folder := filepath.Join(dir, "sample")
	if err := os.Mkdir(folder, 0o755); err != nil {
		return err
	}
	for name, n := range map[string]int{"a.bin": 1 << 20, "b.bin": 300_000} {
		if err := os.WriteFile(filepath.Join(folder, name), own.Content(n), 0o644); err != nil {
			return err
		}
	}
	return seed(ctx, out, folder, filepath.Join(dir, "sample.torrent"), builder.Options{}, func() {})
}

// seed seeds what is at path and writes the torrent file that others need.
func seed(ctx context.Context, out io.Writer, path, torrent string, build builder.Options, wait func()) error {
	c, err := client.New(client.Config{State: client.Off})
	if err != nil {
		return err
	}
	defer c.Close()
	t, err := c.Seed(ctx, path, client.SeedOptions{Build: build})
	if err != nil {
		return err
	}
	meta, err := t.Metainfo()
	if err != nil {
		return err
	}
	files, err := t.Files()
	if err != nil {
		return err
	}
	b, err := meta.Bytes()
	if err != nil {
		return err
	}
	if err := os.WriteFile(torrent, b, 0o644); err != nil {
		return err
	}
	fmt.Fprintf(out, "seeding %s, %d bytes in %d files; others need %s\n",
		t.Name(), t.Length(), len(files), filepath.Base(torrent))
	wait()
	return nil
}
