package fetching

import (
	"context"
	"errors"
	"fmt"
	"net/netip"

	"github.com/shoal-bt/shoal/client/internal/metadata"
	"github.com/shoal-bt/shoal/client/internal/peeraddr"
	"github.com/shoal-bt/shoal/client/internal/trackers"
	"github.com/shoal-bt/shoal/engine"
	"github.com/shoal-bt/shoal/metainfo"
	"github.com/shoal-bt/shoal/swarm"
)

// Pause ends the job until Resume.
func (f *Torrent) Pause() error {
	err := f.update(Running.Pause, func() {
		if f.wishes.Paused {
			return
		}
		f.wishes.Paused = true
		f.stopJob()
		f.host.Report(engine.Paused{Torrent: f.id})
	})
	f.saveOrWarn()
	return err
}

// Resume starts a job again after a pause or a failure.
func (f *Torrent) Resume() error {
	err := f.update(Running.Resume, func() {
		var invalid *metadata.Error
		if errors.As(f.err, &invalid) || errors.Is(f.err, metadata.ErrPieceLayers) {
			return // the same again would be the same
		}
		if f.wishes.Paused || f.err != nil {
			f.host.Report(engine.Resumed{Torrent: f.id})
		}
		f.wishes.Paused, f.err = false, nil
		f.startJob()
		f.notify()
	})
	f.saveOrWarn()
	return err
}

// Recheck does nothing, because nothing is there to be checked.
func (f *Torrent) Recheck(context.Context) error {
	return f.update(func(r Running) error { return r.Recheck(context.Background()) }, func() {})
}

// AddPeers adds peers that the user names.
func (f *Torrent) AddPeers(peers ...netip.AddrPort) error {
	if err := peeraddr.CheckAll(peers); err != nil {
		return fmt.Errorf("client: %w", err)
	}
	err := f.update(func(r Running) error { return r.AddPeers(peers...) }, func() {
		f.wishes.AddPeers(peers...)
		if f.job != nil {
			f.job.AddPeers(peers)
		}
	})
	f.saveOrWarn()
	return err
}

// RemovePeer does nothing.
func (f *Torrent) RemovePeer(netip.AddrPort) {}

// Ban has the torrent refuse an address as soon as it runs.
func (f *Torrent) Ban(addr netip.Addr) {
	f.update(func(r Running) error { r.Ban(addr); return nil }, func() { f.wishes.Ban(addr) })
}

// AddSource adds a source, which the job asks at once.
func (f *Torrent) AddSource(s swarm.PeerSource) error {
	return f.update(func(r Running) error { return r.AddSource(s) }, func() {
		f.wishes.AddSources(s)
		f.changeJob()
	})
}

// RemoveSource removes a source that AddSource added.
func (f *Torrent) RemoveSource(s swarm.PeerSource) {
	f.update(func(r Running) error { r.RemoveSource(s); return nil }, func() {
		f.wishes.RemoveSource(s)
		f.changeJob()
	})
}

// Announce asks all sources as soon as they allow.
func (f *Torrent) Announce() {
	f.update(func(r Running) error { r.Announce(); return nil }, f.changeJob)
}

// Trackers returns the state of each tracker.
func (f *Torrent) Trackers() []trackers.Tracker { return f.trackers.Status() }

// AnnounceURLs returns the tiers of trackers.
func (f *Torrent) AnnounceURLs() [][]string { return f.trackers.URLs() }

// SetTrackers replaces the trackers. Nil restores those of the link.
func (f *Torrent) SetTrackers(tiers [][]string) error {
	f.mu.Lock()
	next := f.next
	if tiers == nil {
		tiers, _ = trackers.Add(nil, f.link.Trackers)
	}
	f.mu.Unlock()
	if next != nil {
		return next.SetTrackers(tiers)
	}
	f.trackers.Replace(tiers, true, trackers.Changed(f.Announce))
	f.saveOrWarn()
	return f.reason(nil)
}

// AddLink adds what another link says of the torrent, and the peers that the user named with it.
func (f *Torrent) AddLink(link *metainfo.Magnet, peers []netip.AddrPort) error {
	if err := peeraddr.CheckAll(peers); err != nil {
		return fmt.Errorf("client: %w", err)
	}
	err := f.update(func(r Running) error { return r.AddLink(link, peers) }, func() {
		f.host.SuggestNodes(link.Peers)
		isMore := metadata.NamesMore(link, f.link)
		f.link = metadata.Join(f.link, link)
		f.wishes.AddPeers(peers...)
		if isMore {
			f.restartJob()
		} else if f.job != nil {
			f.job.AddPeers(append(metadata.PeersOf(link), peers...))
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

// AddLocalPeer hands on a peer that was heard on the local network. It does not block.
func (f *Torrent) AddLocalPeer(_ swarm.ID, a swarm.Address) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.job != nil { // what the user named is noted elsewhere, so a private torrent drops this
		f.job.AddPeers([]netip.AddrPort{a.AddrPort})
	}
}
