package fetching

import (
	"fmt"

	"github.com/shoal-bt/shoal/client/internal/linkrecord"
	"github.com/shoal-bt/shoal/metainfo"
	"github.com/shoal-bt/shoal/resume"
)

// Folder returns that of the record; nil if nothing is remembered.
func (f *Torrent) Folder() *resume.Folder { return f.folder }

// SaveMetadata saves what the job got, so that it need not be fetched again.
func (f *Torrent) SaveMetadata(meta *metainfo.Torrent) error {
	if f.folder == nil {
		return nil
	}
	return linkrecord.SaveMetadata(f.folder, f.id, meta)
}

// save saves the link, its trackers, the peers that the user named and whether it is paused.
func (f *Torrent) save() error {
	f.saving.Lock()
	defer f.saving.Unlock()
	if f.folder == nil || f.ending || f.reason(nil) != nil {
		return nil
	}
	w := f.Wishes()
	return linkrecord.Save(f.folder, linkrecord.State{Link: f.Link(), Dir: f.config.Dir, Peers: w.Peers, Paused: w.Paused})
}

// saveOrWarn is save for a caller that has no use for the error.
func (f *Torrent) saveOrWarn() {
	if err := f.save(); err != nil {
		f.host.Warn(fmt.Errorf("saving the link: %w", err))
	}
}
