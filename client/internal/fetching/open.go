package fetching

import (
	"errors"

	"github.com/shoal-bt/shoal/client/internal/linkrecord"
	"github.com/shoal-bt/shoal/client/internal/metadata"
	"github.com/shoal-bt/shoal/client/internal/trackers"
	"github.com/shoal-bt/shoal/metainfo"
)

// ErrNowhere is a warning about links.
var ErrNowhere = errors.New("the link names no tracker, peer or other source, so nobody can be asked for the metadata; add a peer or a tracker")

// Open finds out what former runs left of the link, and saves it. It returns the metadata if they
// have stored it. Nobody else may use the fetch meanwhile, except for methods that only read it.
func (f *Torrent) Open() (*metainfo.Torrent, error) {
	meta, err := f.load()
	if meta != nil || err != nil {
		return meta, err
	}
	if err := f.openTrackers(); err != nil {
		return nil, err
	}
	f.host.SuggestNodes(f.link.Peers)
	nobody := len(f.AllSources())+len(f.link.Peers)+len(f.link.Sources)+len(f.link.Acceptable)+len(f.wishes.Peers) == 0
	if nobody {
		f.host.Warn(ErrNowhere)
	}
	return nil, f.save()
}

// load adds what former runs left of the link. It returns the metadata if they have stored it.
func (f *Torrent) load() (*metainfo.Torrent, error) {
	if f.config.Records == nil {
		return nil, nil
	}
	err := f.host.LockFiles()
	if err != nil {
		return nil, err
	}
	if f.folder, err = f.config.Records(f.config.Dir); err != nil {
		return nil, err
	}
	old, err := linkrecord.Load(f.folder, f.id)
	if err != nil {
		return nil, err
	}
	if old != nil {
		f.link = metadata.Join(f.link, old.Link)
		f.wishes.AddPeers(old.Peers...)
		f.wishes.Paused = f.wishes.Paused || old.Paused
	}
	return linkrecord.Metadata(f.folder, f.link, f.config.Metainfo)
}

// openTrackers makes the sources of the link.
func (f *Torrent) openTrackers() error {
	tiers, changed := f.config.Announce, f.config.Announce != nil
	if !changed {
		tiers, _ = trackers.Add(nil, f.link.Trackers)
	}
	custom := f.config.NewSources
	if custom == nil {
		f.trackers.Start(tiers, changed, false)
		return nil
	}
	sources, err := custom(&metainfo.Torrent{Tiers: tiers, Info: &metainfo.Info{
		Name:   f.link.Name,
		HashV1: f.link.HashV1,
		HashV2: f.link.HashV2,
	}})
	if err != nil {
		return err
	}
	f.trackers.SetCustom(sources)
	return nil
}
