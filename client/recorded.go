package client

import (
	"path/filepath"
	"slices"

	"github.com/shoal-bt/shoal/client/internal/linkrecord"
	"github.com/shoal-bt/shoal/client/internal/selection"
	"github.com/shoal-bt/shoal/client/internal/statefolder"
	"github.com/shoal-bt/shoal/diskstore"
	"github.com/shoal-bt/shoal/metainfo"
	"github.com/shoal-bt/shoal/resume"
	"github.com/shoal-bt/shoal/swarm"
)

// A Recorded is what a client remembers of a torrent's files.
type Recorded struct {
	// Priorities has one for each entry of the torrent, from Unwanted to HighestPriority. Nil means
	// that every file is wanted, or that nobody remembers anything.
	Priorities []uint8

	// Disk opens the files to read them, together with the part file if there is one.
	Disk diskstore.Options
}

// Recorded returns what the clients with the State of c remember of a torrent in dir. It reads no
// more than the record, takes no lock and makes nothing, so the torrent may be in use. A record
// that is missing or damaged remembers nothing. The error is that of reading it. It may be called
// concurrently.
func (c Config) Recorded(info *metainfo.Info, dir string) (Recorded, error) {
	dir, err := filepath.Abs(dir)
	if err != nil || c.State == Off {
		return Recorded{}, err
	}
	folder, err := statefolder.FindRecords(c.State, dir)
	if err != nil || folder == nil {
		return Recorded{}, err
	}
	for _, id := range info.IDs() {
		r, err := linkrecord.LoadRecord(folder, id)
		if err != nil {
			return Recorded{}, err
		}
		if len(r.Swarms) > 0 {
			return recordedOf(info, r), nil
		}
	}
	return Recorded{}, nil
}

// recordedOf returns what a record says of a torrent's files.
func recordedOf(info *metainfo.Info, r resume.Record) (all Recorded) {
	s := selection.New(info.Files(), info.Geometry())
	if s.Restore(r.Totals.Selection) != nil { // of another torrent
		return Recorded{}
	}
	all.Disk = filesOptions(diskstore.Options{Owned: r.Owned}, info.IDs()[0], s.Unwanted())
	if !slices.Contains(all.Disk.Unwanted, true) {
		return all
	}
	for i := range info.Entries {
		all.Priorities = append(all.Priorities, uint8(s.File(i)))
	}
	return all
}

// filesOptions returns o with what the record and the selection of a torrent add to it: which files
// are not wanted, and the name of the part file.
func filesOptions(o diskstore.Options, id swarm.ID, unwanted []bool) diskstore.Options {
	o.Unwanted, o.PartFile, o.PartKey = unwanted, "."+id.String()+".part", id.String()
	return o
}
