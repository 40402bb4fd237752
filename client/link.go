package client

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"

	"github.com/shoal-bt/shoal/client/internal/metadata"
	"github.com/shoal-bt/shoal/client/internal/trackers"
	"github.com/shoal-bt/shoal/metainfo"
)

// errOtherHash says that a link names two torrents.
var errOtherHash = errors.New("magnet link: its two info hashes belong to two torrents")

// addLink adds a torrent of which only a link is known.
func (c *Client) addLink(ctx context.Context, link *metainfo.Magnet, o AddOptions) (*Torrent, error) {
	if err := checkPeers(o.Peers); err != nil {
		return nil, err
	}
	dir, err := c.absDir(o)
	if err != nil {
		return nil, err
	}
	f := c.newFetchStage(link, o, dir)
	other, err := c.listFetching(ctx, f)
	if other != nil {
		return other, errors.Join(fmt.Errorf("%s: %w", other.ID(), ErrDuplicate), other.now().AddLink(link, o.Peers))
	}
	if err != nil {
		return nil, err
	}
	meta, err := f.Open()
	if err != nil || meta != nil {
		c.removeTorrent(f.torrent)
		(*fetchHost)(f).UnlockFiles()
	}
	switch {
	case err != nil:
		return nil, err
	case meta != nil:
		o.Paused = o.Paused || o.MetadataOnly
		link := f.Link()
		t, err := c.addTorrent(ctx, metadata.WithLink(meta, link), o, addedFrom{link: link})
		if err != nil {
			return t, err
		}
		return t, t.now().AddLink(link, f.Wishes().Peers)
	}
	f.Start()
	return f.torrent, nil
}

// AddLink adds what another link says of the same torrent, and the peers that the user named
// with it. The trackers and peers of a private torrent stay as they are, see
// https://www.bittorrent.org/beps/bep_0027.html.
func (t *running) AddLink(link *metainfo.Magnet, peers []netip.AddrPort) error {
	peers = slices.Clone(peers)
	if !t.private {
		peers = append(peers, metadata.PeersOf(link)...)
		if tiers, added := trackers.Add(t.AnnounceURLs(), link.Trackers); added {
			if err := t.SetTrackers(tiers); err != nil {
				return err
			}
		}
	}
	if len(peers) == 0 {
		return nil
	}
	return t.AddPeers(peers...)
}
