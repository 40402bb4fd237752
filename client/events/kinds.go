package events

import (
	"time"

	"github.com/shoal-bt/shoal/client/internal/metadata"
	"github.com/shoal-bt/shoal/engine"
	"github.com/shoal-bt/shoal/swarm"
)

// An Event is something that happened: one of the types of this package or of package engine.
type Event = engine.Event

// A Mask is a set of kinds of events.
type Mask = engine.EventMask

// The kinds that the engine does not have: OnFile is that of FileCompleted, OnFetch of FetchTick,
// OnMerged of Merged, OnDHT of DHTBootstrapped and DHTClosed, and OnVersion of NewVersion.
const (
	OnFile Mask = 1 << (31 - iota)
	OnFetch
	OnMerged
	OnDHT
	OnVersion
)

// Cheap are the events that come seldom: none by piece, by connection or by the second. All are
// all there are. OfEngine are those that the engine must emit for every torrent. The others of
// the engine would cost something while nobody reads them: a stream makes engine.Held from
// engine.Added, and engine.StatsTick from the statistics of each second.
const (
	Cheap    = engine.CheapEvents | OnFile | OnMerged | OnDHT | OnVersion
	All      = engine.AllEvents | OnFile | OnFetch | OnMerged | OnDHT | OnVersion
	OfEngine = engine.AllEvents &^ (engine.OnStats | engine.OnHeld)
)

// FileCompleted says that the last missing piece of a file that is wanted is held, or that the file
// moved out of the part file with all of its bytes. It is emitted once for each file that was
// incomplete when the torrent was added or last checked, and never for files without bytes.
type FileCompleted struct {
	Torrent swarm.ID
	Index   int    // in Metainfo().Info.Entries
	Path    string // in the torrent, slash-separated
	Length  int64  // in bytes
}

// Kind returns OnFile.
func (FileCompleted) Kind() Mask { return OnFile }

// FetchStats are how far the fetch of a torrent's metadata is.
type FetchStats = metadata.Stats

// FetchTick says how far the fetch of a torrent's metadata is, once a second.
type FetchTick struct {
	Time    time.Time
	Torrent swarm.ID
	FetchStats
}

// Kind returns OnFetch.
func (FetchTick) Kind() Mask { return OnFetch }

// Merged says that a torrent whose metadata was being fetched proved to be another one of the
// client. From now on both are the same, and the events are those of Into.
type Merged struct{ Torrent, Into swarm.ID }

// Kind returns OnMerged.
func (Merged) Kind() Mask { return OnMerged }

// DHTBootstrapped says that the client's node of the DHT knows others of a family of addresses
// now. If Err is not nil, it does not: no node answers, and it tries again in 30 seconds, and
// later in 10 minutes.
type DHTBootstrapped struct {
	Is6   bool // IPv6
	Nodes int  // that it knows
	Err   error
}

// Kind returns OnDHT.
func (DHTBootstrapped) Kind() Mask { return OnDHT }

// DHTClosed says that the client's node of the DHT closed. If Err is not nil, its socket failed,
// and the next announce opens it again; else no torrent needs it.
type DHTClosed struct{ Err error }

// Kind returns OnDHT.
func (DHTClosed) Kind() Mask { return OnDHT }

// NewVersion says that the public key of a torrent's link names another, newer torrent now (BEP 46).
// The torrent goes on, and its files stay. To have the newer one, add its hash.
type NewVersion struct {
	Torrent swarm.ID
	Hash    swarm.ID // v1 info hash of the newer one
	Seq     int64    // of the versions; grows
}

// Kind returns OnVersion.
func (NewVersion) Kind() Mask { return OnVersion }

// TorrentOf returns the torrent that an event is about, or the zero ID if there is none.
func TorrentOf(e Event) swarm.ID {
	switch e := e.(type) {
	case FileCompleted:
		return e.Torrent
	case FetchTick:
		return e.Torrent
	case Merged:
		return e.Torrent
	case NewVersion:
		return e.Torrent
	}
	return engine.TorrentOf(e)
}
