// Package torrentfile reads a torrent from what a user adds.
//
// In comes a path, a URL, bytes or a reader of a .torrent file, or a torrent that was read
// already; out goes the torrent. Not here: links, of which only the hashes are known.
package torrentfile

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"github.com/shoal-bt/shoal/client/internal/webfetch"
	"github.com/shoal-bt/shoal/metainfo"
)

// Read returns the torrent that source stands for: a path or URL, the content of a .torrent
// file, or a torrent that was read already, which stays the caller's. With o it fetches URLs, and
// with o.Metainfo it bounds what it reads.
func Read(ctx context.Context, source any, o webfetch.Options) (*metainfo.Torrent, error) {
	switch s := source.(type) {
	case string:
		return readString(ctx, s, o)
	case []byte:
		return o.Metainfo.Parse(s)
	case io.Reader:
		return o.Metainfo.Read(s)
	case *metainfo.Torrent:
		if s == nil || s.Info == nil {
			return nil, &metainfo.InvalidError{Err: errors.New("the torrent has no info dictionary")}
		}
		return s, nil
	case *metainfo.Info:
		if s == nil {
			return nil, &metainfo.InvalidError{Err: errors.New("there is no info dictionary")}
		}
		return &metainfo.Torrent{Info: s}, nil
	}
	return nil, fmt.Errorf("cannot add a %T; pass a path, URL, magnet link, info hash, []byte, io.Reader or *metainfo.Torrent", source)
}

func readString(ctx context.Context, s string, o webfetch.Options) (*metainfo.Torrent, error) {
	lower := strings.ToLower(s)
	switch {
	case strings.HasPrefix(lower, "http://"), strings.HasPrefix(lower, "https://"):
		return o.Torrent(ctx, s)
	}
	if _, err := os.Stat(s); errors.Is(err, fs.ErrNotExist) && strings.Contains(s, "://") {
		return nil, fmt.Errorf("%s: there is no such file, and only http and https URLs are fetched", s)
	}
	t, err := o.Metainfo.ReadFile(s)
	var invalid *metainfo.InvalidError
	if errors.As(err, &invalid) { // it does not name the file
		err = fmt.Errorf("%s: %w", s, err)
	}
	return t, err
}
