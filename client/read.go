package client

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"github.com/shoal-bt/shoal/client/internal/webfetch"
	"github.com/shoal-bt/shoal/metainfo"
	"github.com/shoal-bt/shoal/swarm"
)

// readTorrent returns the torrent that source stands for.
func (c *Client) readTorrent(ctx context.Context, source any) (*metainfo.Torrent, error) {
	switch s := source.(type) {
	case string:
		return c.readString(ctx, s)
	case []byte:
		return c.config.Metainfo.Parse(s)
	case io.Reader:
		return c.config.Metainfo.Read(s)
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

func (c *Client) readString(ctx context.Context, s string) (*metainfo.Torrent, error) {
	lower := strings.ToLower(s)
	switch {
	case strings.HasPrefix(lower, "http://"), strings.HasPrefix(lower, "https://"):
		return c.config.webOptions().Torrent(ctx, s)
	}
	if _, err := os.Stat(s); errors.Is(err, fs.ErrNotExist) && strings.Contains(s, "://") {
		return nil, fmt.Errorf("%s: there is no such file, and only http and https URLs are fetched", s)
	}
	t, err := c.config.Metainfo.ReadFile(s)
	var invalid *metainfo.InvalidError
	if errors.As(err, &invalid) { // it does not name the file
		err = fmt.Errorf("%s: %w", s, err)
	}
	return t, err
}

// FetchTorrent gets a torrent from an http or https URL, as Client.Add does. Of the
// Config it uses UserAgent, HTTP and Metainfo. Errors show the URL without what may be a
// passkey; a *StatusError says that the server answered without a torrent.
func (c Config) FetchTorrent(ctx context.Context, address string) (*metainfo.Torrent, error) {
	t, err := c.webOptions().Torrent(ctx, address)
	if err != nil {
		return nil, fmt.Errorf("client: %w", withCause(ctx, err))
	}
	return t, nil
}

func (c Config) webOptions() webfetch.Options {
	return webfetch.Options{UserAgent: cmp.Or(c.UserAgent, defaultUserAgent), HTTP: c.HTTP, Metainfo: c.Metainfo}
}

// ParseHash reads a v1 info hash of 40 hexadecimal or 32 base-32 digits, or a v2 info
// hash of 64 hexadecimal digits, or as a multihash (1220 and these digits), which it cuts to
// 20 bytes. Case does not matter. The error matches ErrInfoHash.
func ParseHash(s string) (swarm.ID, error) {
	m, err := metainfo.ParseInfoHash(s)
	if err != nil {
		return swarm.ID{}, fmt.Errorf("client: %.80q: %w", s, ErrInfoHash)
	}
	return m.IDs()[0], nil
}

// linkOptions are webOptions for addresses that come from elsewhere. They must not lead to
// this machine or its network, unless the user has set Config.HTTP.
func (c Config) linkOptions() webfetch.Options {
	o := c.webOptions()
	o.PublicOnly = c.publicOnly
	return o
}
