package client

import (
	"cmp"
	"crypto/sha1"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/shoal-bt/shoal/client/internal/replacefile"
	"github.com/shoal-bt/shoal/client/internal/trackers"
	"github.com/shoal-bt/shoal/metainfo"
	"github.com/shoal-bt/shoal/resume"
	"github.com/shoal-bt/shoal/swarm"
)

// invalidName is the name of the file with metadata that fits the link but is no torrent, so
// that it is not fetched again. It is stored beside the record.
const invalidName = "invalid-metadata"

// A MetadataError says that the metadata of a link has the right hash and is still no valid
// torrent, so whoever made the link has to make a new one.
type MetadataError struct{ Err error }

// Error returns the cause.
func (e *MetadataError) Error() string {
	return "the metadata fits the link but is invalid: " + e.Err.Error()
}

// Unwrap returns the cause, such as a *metainfo.InvalidError.
func (e *MetadataError) Unwrap() error { return e.Err }

// readMetadata reads an info dictionary that fits a link. The error is a *MetadataError.
func (c *Client) readMetadata(raw []byte, link *metainfo.Magnet) (*metainfo.Torrent, error) {
	info, err := c.config.Metainfo.ParseInfo(raw)
	if err == nil && slices.ContainsFunc(link.IDs(), func(id swarm.ID) bool { return !slices.Contains(info.IDs(), id) }) {
		err = errors.New("the link has an info hash of a version that the torrent does not have")
	}
	if err != nil {
		return nil, &MetadataError{err}
	}
	return &metainfo.Torrent{Info: info}, nil
}

// rawFits reports whether an info dictionary has the hashes of a link.
func rawFits(raw []byte, link *metainfo.Magnet) bool {
	fitsV1 := link.HashV1 == [20]byte{} || link.HashV1 == sha1.Sum(raw)
	return fitsV1 && (link.HashV2 == [32]byte{} || link.HashV2 == sha256.Sum256(raw))
}

// fits reports whether a torrent is that of a link.
func fits(info *metainfo.Info, link *metainfo.Magnet) bool {
	fitsV1 := link.HashV1 == [20]byte{} || link.HashV1 == info.HashV1
	return fitsV1 && (link.HashV2 == [32]byte{} || link.HashV2 == info.HashV2)
}

// withLink returns a torrent with the trackers and the web seeds of its link.
func withLink(t *metainfo.Torrent, link *metainfo.Magnet) *metainfo.Torrent {
	all := *t
	all.Tiers, _ = trackers.Add(slices.Clone(t.Tiers), link.Trackers)
	for _, url := range link.WebSeeds {
		if !slices.Contains(all.WebSeeds, url) {
			all.WebSeeds = append(slices.Clip(all.WebSeeds), url)
		}
	}
	return &all
}

// savedMetadata returns the torrent of a link if a former run has stored it; nil if not. The
// error is a *MetadataError if what it stored is no torrent.
func (c *Client) savedMetadata(folder *resume.Folder, link *metainfo.Magnet) (*metainfo.Torrent, error) {
	for _, id := range link.IDs() {
		t, err := c.config.Metainfo.ReadFile(filepath.Join(folder.Path(id), copyName))
		if err == nil && fits(t.Info, link) {
			return t, nil
		}
		raw, err := os.ReadFile(filepath.Join(folder.Path(id), invalidName))
		if err == nil && rawFits(raw, link) {
			return c.readMetadata(raw, link)
		}
	}
	return nil, nil
}

// saveMetadata stores a torrent beside the record of the link before it starts.
func (f *fetching) saveMetadata(t *metainfo.Torrent) error {
	if f.folder == nil {
		return nil
	}
	b, err := t.Bytes()
	if err != nil {
		return err
	}
	return replacefile.Write(filepath.Join(f.folder.Path(f.torrent.id), copyName), b)
}

// saveInvalid stores metadata that is no torrent.
func (f *fetching) saveInvalid(raw []byte) {
	if f.folder == nil {
		return
	}
	if err := replacefile.Write(filepath.Join(f.folder.Path(f.torrent.id), invalidName), raw); err != nil {
		f.warn(fmt.Errorf("saving the metadata: %w", err))
	}
}

// save saves the link, its trackers, the peers that the user named and whether it is paused. A
// record that the torrent has from former runs keeps all the rest.
func (f *fetching) save() error {
	f.saving.Lock()
	defer f.saving.Unlock()
	if f.folder == nil || f.ending {
		return nil
	}
	r, err := loadRecord(f.folder, f.torrent.id)
	if err != nil {
		return err
	}
	if len(r.Swarms) == 0 {
		r = resume.Record{Swarms: f.IDs(), PieceLength: 1, State: resume.Clean}
	}
	link := f.linkNow()
	f.mu.Lock()
	r.Totals.Peers, r.Totals.Paused = slices.Clone(f.peers), f.paused
	f.mu.Unlock()
	r.Totals.Source, r.Totals.Folder = link.String(), f.dir
	if r.Totals.Added.IsZero() {
		r.Totals.Added = time.Now()
	}
	return f.folder.Save(r)
}

// saveOrWarn is save for a caller that has no use for the error.
func (f *fetching) saveOrWarn() {
	if err := f.save(); err != nil {
		f.warn(fmt.Errorf("saving the link: %w", err))
	}
}

// load adds what former runs knew of the link: trackers, peers and web seeds.
func (f *fetching) load() error {
	r, err := loadRecord(f.folder, f.torrent.id)
	if err != nil || !strings.HasPrefix(r.Totals.Source, "magnet:") {
		return err
	}
	old, err := metainfo.ParseMagnet(r.Totals.Source)
	if err != nil || !slices.Contains(old.IDs(), f.torrent.id) {
		return nil // the record is damaged, or of another program
	}
	f.link = joinLinks(f.link, old)
	for _, p := range r.Totals.Peers {
		if checkPeer(p) == nil && !slices.Contains(f.peers, p) {
			f.peers = append(f.peers, p)
		}
	}
	return nil
}

// joinLinks returns a link with what another one for the same torrent has in addition. Only
// the first one says which hashes the torrent has.
func joinLinks(a, b *metainfo.Magnet) *metainfo.Magnet {
	sum := *a
	join := func(to *[]string, more []string) {
		for _, s := range more {
			if !slices.Contains(*to, s) {
				*to = append(slices.Clip(*to), s)
			}
		}
	}
	join(&sum.Trackers, b.Trackers)
	join(&sum.WebSeeds, b.WebSeeds)
	join(&sum.Sources, b.Sources)
	join(&sum.Acceptable, b.Acceptable)
	join(&sum.Peers, b.Peers)
	sum.Name, sum.Length = cmp.Or(a.Name, b.Name), cmp.Or(a.Length, b.Length)
	if len(sum.Select) == 0 {
		sum.Select = b.Select
	}
	return &sum
}
