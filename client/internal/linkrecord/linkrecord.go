// Package linkrecord stores what is known of a link: in the record of its torrent the link itself,
// and beside it the metadata when that has come.
//
// In come links, peers that the user named, and metadata; out goes what former runs stored. A
// record that the torrent has already keeps all the rest. Not here: when that is done.
package linkrecord

import (
	"context"
	"errors"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/shoal-bt/shoal/client/internal/metadata"
	"github.com/shoal-bt/shoal/client/internal/replacefile"
	"github.com/shoal-bt/shoal/magnet"
	"github.com/shoal-bt/shoal/metainfo"
	"github.com/shoal-bt/shoal/resume"
	"github.com/shoal-bt/shoal/swarm"
)

// CopyName is the name of the copy of a .torrent file, which is stored beside the record.
const CopyName = "torrent"

// unusableName is the name of the file with metadata that fits the link but of which no torrent
// can be made: it is invalid, or its piece layers are missing.
const unusableName = "invalid-metadata"

// A State is what is saved of a link.
type State struct {
	Link   *metainfo.Magnet
	Dir    string           // for the content
	Peers  []netip.AddrPort // that the user named
	Paused bool
}

// Metadata returns the torrent of a link if it was stored before; nil if not. Its piece layers
// may be missing. The error is a *metadata.Error if what was stored is no torrent.
func Metadata(folder *resume.Folder, link *metainfo.Magnet, o metainfo.Options) (*metainfo.Torrent, error) {
	for _, id := range link.IDs() {
		t, err := o.ReadFile(filepath.Join(folder.Path(id), CopyName))
		if err == nil && metadata.Fits(t.Info, link) {
			return t, nil
		}
		raw, err := os.ReadFile(filepath.Join(folder.Path(id), unusableName))
		if err == nil && metadata.RawFits(raw, link) {
			return metadata.Read(raw, link, o)
		}
	}
	return nil, nil
}

// SaveMetadata stores a torrent under the ID of its link. Save has made the folder.
func SaveMetadata(folder *resume.Folder, id swarm.ID, t *metainfo.Torrent) error {
	b, err := t.Bytes()
	if err != nil {
		return err
	}
	return replacefile.Write(filepath.Join(folder.Path(id), CopyName), b)
}

// Fetch is metadata.Fetch, unless the metadata was stored before. It stores metadata of which no
// torrent can be made, so that it is not fetched again. With a nil folder nothing is stored.
func Fetch(ctx context.Context, folder *resume.Folder, r metadata.Request, ask metadata.Asker) (*metainfo.Torrent, *magnet.Result, error) {
	if folder == nil {
		return metadata.Fetch(ctx, r, ask)
	}
	t, err := Metadata(folder, r.Link, r.Metainfo)
	if t != nil || err != nil {
		return t, nil, err
	}
	t, found, err := metadata.Fetch(ctx, r, ask)
	var unusable []byte
	switch {
	case err != nil && found != nil:
		unusable = found.Info
	case t != nil && len(t.Info.MissingLayers()) > 0 && !t.Info.HasV1():
		unusable = t.Info.Raw
	}
	if unusable == nil {
		return t, found, err
	}
	path := filepath.Join(folder.Path(r.Link.IDs()[0]), unusableName)
	return t, found, errors.Join(err, replacefile.Write(path, unusable))
}

// Save saves a link under the first of its IDs.
func Save(folder *resume.Folder, s State) error {
	id := s.Link.IDs()[0]
	r, err := LoadRecord(folder, id)
	if err != nil {
		return err
	}
	if len(r.Swarms) == 0 {
		r = resume.Record{Swarms: s.Link.IDs(), PieceLength: 1, State: resume.Clean}
	}
	r.Totals.Source, r.Totals.Folder = s.Link.String(), s.Dir
	r.Totals.Peers, r.Totals.Paused = slices.Clone(s.Peers), s.Paused
	if r.Totals.Added.IsZero() {
		r.Totals.Added = time.Now()
	}
	return folder.Save(r)
}

// Load returns what was saved of a link under an ID, or nil if nothing was.
func Load(folder *resume.Folder, id swarm.ID) (*State, error) {
	r, err := LoadRecord(folder, id)
	if err != nil || !strings.HasPrefix(r.Totals.Source, "magnet:") {
		return nil, err
	}
	link, err := metainfo.ParseMagnet(r.Totals.Source)
	if err != nil || !slices.Contains(link.IDs(), id) {
		return nil, nil // the record is damaged, or of another program
	}
	return &State{Link: link, Dir: r.Totals.Folder, Peers: r.Totals.Peers, Paused: r.Totals.Paused}, nil
}

// LoadRecord reads a torrent's record. A record that is missing, damaged or of a newer
// version is empty, so everything that is found is checked.
func LoadRecord(f *resume.Folder, id swarm.ID) (resume.Record, error) {
	r, err := f.Load(id)
	var damaged *resume.DamageError
	var newer *resume.VersionError
	if errors.Is(err, fs.ErrNotExist) || errors.As(err, &damaged) || errors.As(err, &newer) {
		return resume.Record{}, nil
	}
	return r, err
}
