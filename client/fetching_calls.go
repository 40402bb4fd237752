package client

import (
	"context"
	"errors"
	"net/netip"

	"github.com/shoal-bt/shoal/client/internal/trackers"
	"github.com/shoal-bt/shoal/engine"
	"github.com/shoal-bt/shoal/swarm"
)

func (f *fetching) Pause() error {
	err := f.update((*running).Pause, func() {
		if f.wishes.Paused {
			return
		}
		f.wishes.Paused = true
		f.stopJob()
		f.client.engine.Report(engine.Paused{Torrent: f.torrent.id})
	})
	f.saveOrWarn()
	return err
}

func (f *fetching) Resume() error {
	err := f.update((*running).Resume, func() {
		var invalid *MetadataError
		if errors.As(f.err, &invalid) || errors.Is(f.err, ErrPieceLayers) {
			return // the same again would be the same
		}
		if f.wishes.Paused || f.err != nil {
			f.client.engine.Report(engine.Resumed{Torrent: f.torrent.id})
		}
		f.wishes.Paused, f.err = false, nil
		f.startJob()
		f.notify()
	})
	f.saveOrWarn()
	return err
}

func (f *fetching) Recheck(context.Context) error {
	return f.update(func(r *running) error { return r.Recheck(context.Background()) }, func() {})
}

func (f *fetching) AddPeers(peers ...netip.AddrPort) error {
	if err := checkPeers(peers); err != nil {
		return err
	}
	err := f.update(func(r *running) error { return r.AddPeers(peers...) }, func() {
		f.wishes.AddPeers(peers...)
		if f.job != nil {
			f.job.AddPeers(peers)
		}
	})
	f.saveOrWarn()
	return err
}

func (f *fetching) RemovePeer(netip.AddrPort) {}

func (f *fetching) Ban(addr netip.Addr) {
	f.update(func(r *running) error { r.Ban(addr); return nil }, func() { f.wishes.Ban(addr) })
}

func (f *fetching) AddSource(s swarm.PeerSource) error {
	return f.update(func(r *running) error { return r.AddSource(s) }, func() {
		f.wishes.AddSources(s)
		f.changeJob()
	})
}

func (f *fetching) RemoveSource(s swarm.PeerSource) {
	f.update(func(r *running) error { r.RemoveSource(s); return nil }, func() {
		f.wishes.RemoveSource(s)
		f.changeJob()
	})
}

func (f *fetching) Announce() {
	f.update(func(r *running) error { r.Announce(); return nil }, f.changeJob)
}

func (f *fetching) Trackers() []Tracker { return f.trackers.Status() }

func (f *fetching) AnnounceURLs() [][]string { return f.trackers.URLs() }

func (f *fetching) SetTrackers(tiers [][]string) error {
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
