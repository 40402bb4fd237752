package client

import (
	"fmt"
	"slices"

	"github.com/shoal-bt/shoal/client/internal/handover"
	"github.com/shoal-bt/shoal/magnet"
	"github.com/shoal-bt/shoal/metainfo"
	"github.com/shoal-bt/shoal/swarm"
)

// A claim is the swarms of a torrent that is being added. Fetches of metadata in these swarms
// end when the torrent runs, because they prove to be of the same torrent.
type claim struct {
	client  *Client
	torrent *Torrent // that the running one belongs to
	running *running
	own     *fetching        // that got the metadata, on whose goroutine this is; nil for none
	fetches []*fetching      // own first; each token is held
	handed  handover.Fetches // what they know, in the same order
	ended   chan struct{}    // closed when the client lists the torrent, or could not start it
}

// claimSwarms reserves the swarms of a torrent for a call that ends with listTorrent or
// releaseSwarms. If the client has one of them already, it returns that torrent with the
// error; nil if that is just being added.
func (c *Client) claimSwarms(t *running, own *fetching) (k *claim, other *Torrent, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return nil, nil, ErrClosed
	}
	k = &claim{client: c, running: t, own: own, ended: make(chan struct{})}
	if own != nil {
		k.fetches = append(k.fetches, own)
	}
	for _, id := range t.ids {
		other, taken := c.torrents[id]
		if !taken || slices.ContainsFunc(k.fetches, func(f *fetching) bool { return f.torrent == other }) {
			continue
		}
		var f *fetching
		if other != nil {
			f = other.now().takeFetch()
		}
		if f == nil {
			for _, f := range k.fetches {
				if f != own {
					f.release()
				}
			}
			return nil, other, fmt.Errorf("%s: %w", id, ErrDuplicate)
		}
		k.fetches = append(k.fetches, f)
	}
	k.torrent = &Torrent{client: c, id: t.ids[0], stage: t}
	if len(k.fetches) > 0 {
		k.torrent = k.fetches[0].torrent
	}
	t.torrent = k.torrent
	for _, id := range t.ids {
		if _, taken := c.torrents[id]; !taken {
			c.torrents[id] = nil
		}
	}
	c.adding[k.torrent.id] = k
	return k, nil, nil
}

// endFetches ends the fetches, and has them leave the record and the files alone. own is what
// the one knows on whose goroutine it is called.
func (k *claim) endFetches(own *magnet.Result) {
	for _, f := range k.fetches {
		found := own
		if f != k.own {
			found = f.handOver()
		}
		k.handed.Add(handover.Fetch{Winner: f == k.own, Found: found, Wishes: f.wishesNow(), Link: f.linkNow()})
		f.stopSaving()
		f.unlockFiles()
	}
}

// listTorrent lists a torrent that was added.
func (c *Client) listTorrent(k *claim) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, id := range k.running.ids {
		c.torrents[id] = k.torrent
	}
	delete(c.adding, k.torrent.id)
	close(k.ended)
	if len(k.fetches) == 0 {
		c.order = append(c.order, k.torrent)
		return
	}
	for _, f := range k.fetches[1:] {
		c.order = slices.DeleteFunc(c.order, func(o *Torrent) bool { return o == f.torrent })
		c.engine.Report(Merged{Torrent: f.torrent.id, Into: k.torrent.id})
	}
}

// releaseSwarms takes a claim back, because the torrent could not be started. The fetches go on,
// except for the one that got the metadata.
func (c *Client) releaseSwarms(k *claim) {
	k.running.unlockFiles()
	c.mu.Lock()
	for _, id := range k.running.ids {
		if c.torrents[id] == nil {
			delete(c.torrents, id)
		}
	}
	delete(c.adding, k.torrent.id)
	close(k.ended)
	c.mu.Unlock()
	k.handed.Close()
	for _, f := range k.fetches {
		f.resumeSaving()
		if f != k.own {
			f.release()
			f.mu.Lock()
			f.startJob()
			f.mu.Unlock()
		}
	}
}

// handOver makes a torrent of the fetches, with what they and their users know. paused says how
// the torrent was started.
func (k *claim) handOver(paused bool) {
	t := k.running
	to := handover.Receiver{Torrent: t.engine, Own: t.trackers.Own(), Private: t.private}
	for i, f := range k.fetches {
		w := f.become(t)
		to.Take(k.handed[i], w)
		switch {
		case f != k.own:
			if err := t.addLink(k.handed[i].Link, AddOptions{}); err != nil {
				t.emitWarning(err)
			}
		case w.Paused && !paused:
			t.engine.Pause()
		case paused && !w.Paused && !f.options.MetadataOnly:
			t.engine.Resume()
		}
	}
}

// listFetching lists a torrent of which only a link is known. If the client has it already, it
// returns that one, or ErrDuplicate if it is just being added.
func (c *Client) listFetching(f *fetching) (other *Torrent, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return nil, ErrClosed
	}
	for _, id := range f.IDs() {
		o, taken := c.torrents[id]
		switch {
		case taken && o == nil:
			return nil, fmt.Errorf("%s: %w", id, ErrDuplicate)
		case taken && other != nil && other != o:
			return nil, &metainfo.InvalidError{Err: errOtherHash}
		case taken:
			other = o
		}
	}
	if other != nil {
		return other, nil
	}
	for _, id := range f.IDs() {
		c.torrents[id] = f.torrent
	}
	c.order = append(c.order, f.torrent)
	return nil, nil
}

// removeTorrent removes a torrent that was closed or could not be added.
func (c *Client) removeTorrent(t *Torrent) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, id := range append(t.IDs(), t.id) {
		if c.torrents[id] == t {
			delete(c.torrents, id)
		}
	}
	c.order = slices.DeleteFunc(c.order, func(o *Torrent) bool { return o == t })
}

// runningOf returns the torrent that runs in a swarm, also while it is being added; nil for
// none.
func (c *Client) runningOf(id swarm.ID) *running {
	c.mu.Lock()
	t, adding := c.torrents[id], c.adding[id]
	c.mu.Unlock()
	switch {
	case adding != nil:
		return adding.running
	case t != nil:
		r, _ := t.now().(*running)
		return r
	}
	return nil
}
