package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/shoal-bt/shoal/client"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/shell"
	"github.com/shoal-bt/shoal/metainfo"
)

// readTorrent reads a torrent from a file, from an http or https address, or from
// standard input if name is "-". It returns at once when ctx is done, even while a pipe
// has nothing to read.
func readTorrent(ctx context.Context, c *console, name string) (*metainfo.Torrent, error) {
	lower := strings.ToLower(name)
	switch {
	case name == "-":
		return nameSource("standard input", func() (*metainfo.Torrent, error) {
			return await(ctx, func() (*metainfo.Torrent, error) { return metainfo.Options{}.Read(c.stdin) })
		})
	case strings.HasPrefix(lower, "magnet:"):
		if _, err := metainfo.ParseMagnet(name); err != nil {
			return nil, advised{err, "Check that you copied the whole link, and put it in quotes."}
		}
		return nil, client.ErrMagnet
	case strings.HasPrefix(lower, "http://"), strings.HasPrefix(lower, "https://"):
		return client.Config{}.FetchTorrent(ctx, name)
	}
	st, err := os.Stat(name)
	_, hash := client.ParseHash(name)
	switch {
	case err == nil && st.IsDir():
		return nil, advised{fmt.Errorf("%s is a folder, not a .torrent file", name),
			fmt.Sprintf("To make a torrent of it: %s create %s\nTo share it: %s seed %s", shell.Program(), shell.Quote(name), shell.Program(), shell.Quote(name))}
	case errors.Is(err, fs.ErrNotExist) && hash == nil:
		return nil, client.ErrMagnet
	case errors.Is(err, fs.ErrNotExist) && strings.Contains(name, "://"):
		return nil, advised{fmt.Errorf("%s: there is no such file, and Shoal reads only http and https addresses", name),
			"Save the .torrent file with another program, then name the file."}
	}
	return nameSource(name, func() (*metainfo.Torrent, error) {
		return await(ctx, func() (*metainfo.Torrent, error) { return metainfo.ReadFile(name) })
	})
}

// nameSource names the source of a torrent in an error about its content.
func nameSource(name string, read func() (*metainfo.Torrent, error)) (*metainfo.Torrent, error) {
	t, err := read()
	var invalid *metainfo.InvalidError
	if errors.As(err, &invalid) {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return t, err
}

// await returns what f returns, or the error of ctx if ctx is done first. Then f goes on
// until the process ends, so it may only read.
func await[T any](ctx context.Context, f func() (T, error)) (T, error) {
	type result struct {
		value T
		err   error
	}
	done := make(chan result, 1)
	go func() {
		value, err := f()
		done <- result{value, err}
	}()
	select {
	case r := <-done:
		return r.value, r.err
	case <-ctx.Done():
		var zero T
		return zero, ctx.Err()
	}
}
