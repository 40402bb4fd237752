package client

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/shoal-bt/shoal/client/internal/linkrecord"
	"github.com/shoal-bt/shoal/client/internal/metadata"
	"github.com/shoal-bt/shoal/client/internal/trackers"
	"github.com/shoal-bt/shoal/metainfo"
)

// errOtherHash says that a link names two torrents.
var errOtherHash = errors.New("magnet link: its two info hashes belong to two torrents")

// Warnings about links.
var (
	errNowhere = errors.New("the link names no tracker, peer or other source, so nobody can be asked for the metadata; add a peer or a tracker")
	errSelect  = errors.New("the link selects some of the files, which is not supported yet; all files are downloaded")
)

// addLink adds a torrent of which only a link is known.
func (c *Client) addLink(ctx context.Context, link *metainfo.Magnet, o AddOptions) (*Torrent, error) {
	if err := checkPeers(o.Peers); err != nil {
		return nil, err
	}
	dir, err := c.absDir(o)
	if err != nil {
		return nil, err
	}
	f := c.newFetching(link, o, dir)
	other, err := c.listFetching(ctx, f)
	if other != nil {
		return other, errors.Join(fmt.Errorf("%s: %w", other.ID(), ErrDuplicate), other.now().addLink(link, o))
	}
	if err != nil {
		return nil, err
	}
	meta, err := f.open()
	if err != nil || meta != nil {
		c.removeTorrent(f.torrent)
		f.unlockFiles()
	}
	switch {
	case err != nil:
		return nil, err
	case meta != nil:
		o.Paused = o.Paused || o.MetadataOnly
		t, err := c.addTorrent(ctx, metadata.WithLink(meta, f.link), o, addedFrom{link: f.link})
		if err != nil {
			return t, err
		}
		return t, t.now().addLink(f.link, AddOptions{Peers: f.wishes.Peers})
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.startJob()
	return f.torrent, nil
}

// open finds out what former runs left of a link, and saves it. It returns the metadata if they
// have stored it.
func (f *fetching) open() (*metainfo.Torrent, error) {
	c := f.client
	if len(f.link.Select) > 0 {
		f.warn(errSelect)
	}
	if c.config.State != "" {
		var err error
		if err = f.lockFiles(); err != nil {
			return nil, err
		}
		if f.folder, err = c.recordFolder(f.dir); err != nil {
			return nil, err
		}
		old, err := linkrecord.Load(f.folder, f.torrent.id)
		if err != nil {
			return nil, err
		}
		if old != nil {
			f.link = metadata.Join(f.link, old.Link)
			f.wishes.AddPeers(old.Peers...)
			f.wishes.Paused = f.wishes.Paused || old.Paused
		}
		if meta, err := linkrecord.Metadata(f.folder, f.link, c.config.Metainfo); meta != nil || err != nil {
			return meta, err
		}
	}
	tiers, changed := f.options.Announce, f.options.Announce != nil
	if !changed {
		tiers, _ = trackers.Add(nil, f.link.Trackers)
	}
	if custom := c.config.NewSources; custom != nil {
		sources, err := custom(&metainfo.Torrent{Tiers: tiers, Info: &metainfo.Info{
			Name:   f.link.Name,
			HashV1: f.link.HashV1,
			HashV2: f.link.HashV2,
		}})
		if err != nil {
			return nil, err
		}
		f.trackers.SetCustom(sources)
	} else {
		f.trackers.Start(tiers, changed, false)
	}
	c.suggestNodes(f.link.Peers)
	nobody := len(f.allSources())+len(f.link.Peers)+len(f.link.Sources)+len(f.link.Acceptable)+len(f.wishes.Peers) == 0
	if nobody {
		f.warn(errNowhere)
	}
	return nil, f.save()
}

// addLink adds what another link says of the same torrent, and the peers that the user named
// with it. The trackers and peers of a private torrent stay as they are, see
// https://www.bittorrent.org/beps/bep_0027.html.
func (t *running) addLink(link *metainfo.Magnet, o AddOptions) error {
	peers := slices.Clone(o.Peers)
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

func (f *fetching) addLink(link *metainfo.Magnet, o AddOptions) error {
	if err := checkPeers(o.Peers); err != nil {
		return err
	}
	err := f.update(func(r *running) error { return r.addLink(link, o) }, func() {
		f.client.suggestNodes(link.Peers)
		isMore := metadata.NamesMore(link, f.link)
		f.link = metadata.Join(f.link, link)
		f.wishes.AddPeers(o.Peers...)
		if isMore {
			f.restartJob()
		} else if f.job != nil {
			f.job.AddPeers(append(metadata.PeersOf(link), o.Peers...))
		}
	})
	if err != nil {
		return err
	}
	if tiers, added := trackers.Add(f.AnnounceURLs(), link.Trackers); added {
		return f.SetTrackers(tiers)
	}
	return f.save()
}
