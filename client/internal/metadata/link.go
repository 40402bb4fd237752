package metadata

import (
	"cmp"
	"crypto/sha1"
	"crypto/sha256"
	"errors"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/shoal-bt/shoal/client/internal/trackers"
	"github.com/shoal-bt/shoal/metainfo"
	"github.com/shoal-bt/shoal/swarm"
)

// ErrOther says that a file is of another torrent.
var ErrOther = errors.New("the file is of another torrent")

// ErrPieceLayers says that a v2 torrent lacks the hashes of its pieces.
var ErrPieceLayers = errors.New("the piece layers are missing, and they cannot be requested from peers yet; use a .torrent file")

// An Error says that the metadata of a link has the right hash and is still no valid
// torrent, which only its maker can repair.
type Error struct{ Err error }

// Error returns the cause.
func (e *Error) Error() string {
	return "the metadata fits the link but is invalid: " + e.Err.Error()
}

// Unwrap returns the cause, such as a *metainfo.InvalidError.
func (e *Error) Unwrap() error { return e.Err }

// Read reads an info dictionary that fits a link. The error is an *Error.
func Read(raw []byte, link *metainfo.Magnet, o metainfo.Options) (*metainfo.Torrent, error) {
	info, err := o.ParseInfo(raw)
	if err == nil && slices.ContainsFunc(link.IDs(), func(id swarm.ID) bool { return !slices.Contains(info.IDs(), id) }) {
		err = errors.New("the link has an info hash of a version that the torrent does not have")
	}
	if err != nil {
		return nil, &Error{err}
	}
	return &metainfo.Torrent{Info: info}, nil
}

// RawFits reports whether an info dictionary has the hashes of a link.
func RawFits(raw []byte, link *metainfo.Magnet) bool {
	fitsV1 := link.HashV1 == [20]byte{} || link.HashV1 == sha1.Sum(raw)
	return fitsV1 && (link.HashV2 == [32]byte{} || link.HashV2 == sha256.Sum256(raw))
}

// Fits reports whether a torrent is that of a link.
func Fits(info *metainfo.Info, link *metainfo.Magnet) bool {
	fitsV1 := link.HashV1 == [20]byte{} || link.HashV1 == info.HashV1
	return fitsV1 && (link.HashV2 == [32]byte{} || link.HashV2 == info.HashV2)
}

// WithLink returns a torrent with the trackers and the web seeds of its link.
func WithLink(t *metainfo.Torrent, link *metainfo.Magnet) *metainfo.Torrent {
	all := *t
	all.Tiers, _ = trackers.Add(slices.Clone(t.Tiers), link.Trackers)
	for _, url := range link.WebSeeds {
		if !slices.Contains(all.WebSeeds, url) {
			all.WebSeeds = append(slices.Clip(all.WebSeeds), url)
		}
	}
	return &all
}

// Join returns a link with what another one for the same torrent has in addition. Only
// the first one says which hashes the torrent has.
func Join(a, b *metainfo.Magnet) *metainfo.Magnet {
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
	if !sum.HasKey() {
		sum.PublicKey, sum.Salt = b.PublicKey, b.Salt
	}
	return &sum
}

// IDsFrom returns the IDs of a torrent, first the one that it was added by. It returns ids itself if
// that is in order.
func IDsFrom(ids []swarm.ID, first swarm.ID) []swarm.ID {
	if ids[0] == first {
		return ids
	}
	others := slices.DeleteFunc(slices.Clone(ids), func(id swarm.ID) bool { return id == first })
	return append([]swarm.ID{first}, others...)
}

// ErrInfoHash says that a string or an ID is not an info hash.
var ErrInfoHash = errors.New("not an info hash: want 40 or 64 hexadecimal digits, 32 of base 32, or a multihash (1220 and 64 digits)")

// LinkOf returns the link that source is, or nil if it is something else.
func LinkOf(source any) (*metainfo.Magnet, error) {
	switch s := source.(type) {
	case *metainfo.Magnet:
		if s == nil || (len(s.IDs()) == 0 && !s.HasKey()) {
			return nil, &metainfo.InvalidError{Err: errors.New("the link has no info hash")}
		}
		copied := *s
		return &copied, nil
	case swarm.ID:
		if s == (swarm.ID{}) {
			return nil, ErrInfoHash
		}
		return &metainfo.Magnet{HashV1: s}, nil
	case string:
		if strings.HasPrefix(strings.ToLower(s), "magnet:") {
			return metainfo.ParseMagnet(s)
		}
		m, err := metainfo.ParseInfoHash(s)
		if err != nil {
			return nil, nil
		}
		if _, err := os.Stat(s); errors.Is(err, fs.ErrNotExist) {
			return m, nil
		}
	}
	return nil, nil
}
