package client

import (
	"context"
	"fmt"
	"slices"

	"github.com/shoal-bt/shoal/client/internal/fetching"
	"github.com/shoal-bt/shoal/client/internal/handover"
	"github.com/shoal-bt/shoal/client/internal/wants"
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
	own     *fetchStage      // that got the metadata, on whose goroutine this is; nil for none
	fetches []*fetchStage    // own first; each token is held
	handed  handover.Fetches // what they know, in the same order
	ended   chan struct{}    // closed when the client lists the torrent, or could not start it
}

// claimSwarms reserves the swarms of a torrent for a call that ends with listTorrent or
// releaseSwarms. It waits while somebody else adds or removes a torrent of these swarms. If the
// client has one of them then, it returns that torrent with the error.
func (c *Client) claimSwarms(ctx context.Context, t *running, from addedFrom) (*claim, *Torrent, error) {
	for {
		k, busy, other, err := c.tryClaim(t, from.fetch)
		if busy == nil {
			return k, other, err
		}
		select {
		case _, isToken := <-busy.token():
			if isToken {
				busy.fetch.Release()
			}
		case <-busy.ended:
		case <-from.handOver:
			return nil, nil, fetching.ErrHandedOver
		case <-ctx.Done():
			return nil, nil, context.Cause(ctx)
		}
	}
}

// A busyClaim is what somebody waits for who cannot claim the swarms of a torrent yet: a fetch or
// another claim.
type busyClaim struct {
	fetch *fetchStage     // whose token is given back or closed
	ended <-chan struct{} // is closed when a torrent was added
}

func (b *busyClaim) token() <-chan struct{} {
	if b.fetch == nil {
		return nil
	}
	return b.fetch.Token()
}

// tryClaim is claimSwarms without waiting. It takes the tokens of all fetches or none, so no two
// claims wait for each other.
func (c *Client) tryClaim(t *running, own *fetchStage) (k *claim, busy *busyClaim, other *Torrent, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return nil, nil, nil, ErrClosed
	}
	k = &claim{client: c, running: t, own: own, ended: make(chan struct{})}
	if own != nil {
		busy = k.addFetch(own)
	}
	for _, id := range t.ids {
		other, taken := c.torrents[id]
		switch {
		case busy != nil:
		case taken && other == nil:
			busy = c.busyWith(id)
		case taken && !k.hasFetch(other):
			f, isFetch := other.now().(*fetchStage)
			if !isFetch {
				k.releaseTokens()
				return nil, nil, other, fmt.Errorf("%s: %w", id, ErrDuplicate)
			}
			busy = k.addFetch(f)
		}
	}
	if busy != nil {
		k.releaseTokens()
		return nil, busy, nil, nil
	}
	c.registerClaim(k)
	return k, nil, nil, nil
}

// registerClaim keeps the swarms of a claim for its torrent. The caller holds mu.
func (c *Client) registerClaim(k *claim) {
	t := k.running
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
}

// busyWith returns what to wait for while a torrent is being added. The caller holds mu.
func (c *Client) busyWith(id swarm.ID) *busyClaim {
	for _, k := range c.adding {
		if slices.Contains(k.running.ids, id) {
			return &busyClaim{ended: k.ended}
		}
	}
	panic("client: a swarm is reserved without a claim")
}

// addFetch takes the token of a fetch, or returns what to wait for.
func (k *claim) addFetch(f *fetchStage) *busyClaim {
	if !f.Take() {
		return &busyClaim{fetch: f}
	}
	k.fetches = append(k.fetches, f)
	return nil
}

// hasFetch reports whether the claim has the token of a torrent.
func (k *claim) hasFetch(t *Torrent) bool {
	return slices.ContainsFunc(k.fetches, func(f *fetchStage) bool { return f.torrent == t })
}

func (k *claim) releaseTokens() {
	for _, f := range k.fetches {
		f.Release()
	}
}

// endFetches ends the fetches, and has them leave the record and the files alone. own is what
// the one knows on whose goroutine it is called.
func (k *claim) endFetches(own *magnet.Result) {
	for _, f := range k.fetches {
		found := own
		if f != k.own {
			found = f.HandOver()
		}
		k.handed.Add(handover.Fetch{Winner: f == k.own, Found: found, Wishes: f.Wishes(), Link: f.Link()})
		f.StopSaving()
		(*fetchHost)(f).UnlockFiles()
	}
}

// choice returns what says which files are wanted. What the call that adds the torrent does not say,
// the first fetch does.
func (k *claim) choice(o AddOptions, link *metainfo.Magnet) wants.Choice {
	if len(k.fetches) > 0 && k.own == nil {
		first := k.fetches[0]
		if o.Priorities == nil {
			o.Priorities = first.options.Priorities
		}
		o.Sequential, o.FirstLast = o.Sequential || first.options.Sequential, o.FirstLast || first.options.FirstLast
		if link == nil {
			link = first.Link()
		}
	}
	return wants.Choice{Priorities: o.Priorities, Sequential: o.Sequential, FirstLast: o.FirstLast, Link: link}
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
		f.ResumeSaving()
		f.Release()
		if f != k.own {
			f.Start()
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
			if err := t.AddLink(k.handed[i].Link, nil); err != nil {
				t.emitWarning(err)
			}
		case w.Paused && !paused:
			t.engine.Pause()
		case paused && !w.Paused && !f.options.MetadataOnly:
			t.engine.Resume()
		}
	}
}

// listFetching lists a torrent of which only a link is known. It waits while somebody else adds
// it. If the client has it then, it returns that one.
func (c *Client) listFetching(ctx context.Context, f *fetchStage) (other *Torrent, err error) {
	for {
		other, busy, err := c.tryList(f)
		if busy == nil {
			return other, err
		}
		select {
		case <-busy.ended:
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}

// tryList is listFetching without waiting.
func (c *Client) tryList(f *fetchStage) (other *Torrent, busy *busyClaim, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return nil, nil, ErrClosed
	}
	for _, id := range f.IDs() {
		o, taken := c.torrents[id]
		switch {
		case taken && o == nil:
			return nil, c.busyWith(id), nil
		case taken && other != nil && other != o:
			return nil, nil, &metainfo.InvalidError{Err: errOtherHash}
		case taken:
			other = o
		}
	}
	if other != nil {
		return other, nil, nil
	}
	for _, id := range f.IDs() {
		c.torrents[id] = f.torrent
	}
	c.order = append(c.order, f.torrent)
	return nil, nil, nil
}

// removeTorrent removes a torrent that was closed or could not be added.
func (c *Client) removeTorrent(t *Torrent) {
	c.mu.Lock()
	for _, id := range append(t.IDs(), t.id) {
		if c.torrents[id] == t {
			delete(c.torrents, id)
		}
	}
	c.order = slices.DeleteFunc(c.order, func(o *Torrent) bool { return o == t })
	c.mu.Unlock()
	c.feeds.Stop(append(t.IDs(), t.id)...)
	c.suspendDHT()
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
