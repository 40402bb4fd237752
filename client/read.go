package client

import (
	"cmp"
	"context"
	"fmt"

	"github.com/shoal-bt/shoal/client/internal/webfetch"
	"github.com/shoal-bt/shoal/metainfo"
	"github.com/shoal-bt/shoal/swarm"
)

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
