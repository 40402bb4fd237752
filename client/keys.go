package client

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/shoal-bt/shoal/client/internal/feeds"
	"github.com/shoal-bt/shoal/dht"
	"github.com/shoal-bt/shoal/metainfo"
	"github.com/shoal-bt/shoal/swarm"
)

// errManyKeys says that a key is not followed.
var errManyKeys = errors.New("1,000 keys of links are followed already, so newer torrents of this one are not reported")

// addLinkOrKey is addLink, also for a link with a key
// (https://www.bittorrent.org/beps/bep_0046.html). If that has no info hash, the DHT says which
// torrent it stands for now.
func (c *Client) addLinkOrKey(ctx context.Context, link *metainfo.Magnet, o AddOptions) (*Torrent, error) {
	seq := int64(-1) // of the torrent that the link names itself
	if len(link.IDs()) == 0 {
		v, err := c.resolveKey(ctx, link)
		if err != nil {
			return nil, fmt.Errorf("client: looking up the key of %q: %w", cmp.Or(link.Name, link.String()), withCause(ctx, err))
		}
		link.HashV1, seq = v.Hash, v.Seq
	}
	t, err := c.addLink(ctx, link, o)
	if err != nil {
		err = fmt.Errorf("client: adding %q: %w", cmp.Or(link.Name, link.IDs()[0].String()), withCause(ctx, err))
	}
	if t != nil && link.HasKey() && c.dht != nil {
		isFollowed := c.feeds.Follow(t.ID(), feedOf(link), dht.Version{Hash: link.IDs()[0], Seq: seq})
		if !isFollowed {
			c.warn(t.ID(), errManyKeys)
		}
		c.leaveDHT(t)
	}
	return t, err
}

// leaveDHT ends what is asked of the DHT for a torrent, if it is private, and closes the node if
// only private torrents are left (https://www.bittorrent.org/beps/bep_0027.html).
func (c *Client) leaveDHT(t *Torrent) {
	r, isRunning := t.now().(*running)
	if isRunning && r.private {
		c.feeds.Stop(append(t.IDs(), t.id)...)
	}
	c.suspendDHT()
}

// resolveKey looks up which torrent a key names now.
func (c *Client) resolveKey(ctx context.Context, link *metainfo.Magnet) (v dht.Version, err error) {
	if c.dht == nil {
		return v, ErrDHTOff
	}
	c.resolving.Add(1)
	defer func() {
		c.resolving.Add(-1)
		if err != nil {
			c.suspendDHT()
		}
	}()
	c.suggestNodes(link.Peers)
	for range 2 { // the first node may be closed at this moment because nobody needed it
		node, err := c.dht.Node(false)
		if err != nil {
			return v, err
		}
		v, err = node.Resolve(ctx, feedOf(link))
		if !errors.Is(err, dht.ErrClosed) {
			return v, err
		}
	}
	return v, dht.ErrClosed
}

// feedOf returns where the hashes of a link's key are.
func feedOf(link *metainfo.Magnet) dht.Feed { return dht.Feed{Key: link.PublicKey, Salt: link.Salt} }

// newFeeds returns what follows the keys of links.
func (c *Client) newFeeds() *feeds.Set {
	return feeds.New(feeds.Config{
		Node:  func() (*dht.Node, error) { return c.dht.Node(false) },
		Ended: c.suspendDHT, // the node may have been opened for the torrent after that proved private
		Report: func(id swarm.ID, v dht.Version) {
			t, err := c.Torrent(id) // it may have become one with another
			if err == nil {
				c.engine.Report(NewVersion{Torrent: t.ID(), Hash: v.Hash, Seq: v.Seq})
			}
		},
	})
}
