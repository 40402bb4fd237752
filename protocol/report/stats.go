package report

import (
	"net/netip"
	"time"

	"github.com/shoal-bt/shoal/swarm"
)

// A Phase is what a torrent is doing.
type Phase uint8

// The phases of a torrent's life.
const (
	PhaseChecking Phase = iota // reading what is stored
	PhaseRunning               // downloading, seeding, or both
	PhasePaused                // waits for Resume
	PhaseFailed                // stopped with an error, waits for Resume
	PhaseClosed                // gone
	PhaseFetching              // its metadata is fetched; it is not in the engine yet
)

// String returns the phase in a word or two.
func (p Phase) String() string {
	return [...]string{"checking", "running", "paused", "failed", "closed", "fetching metadata"}[p]
}

// A Flow is bytes in one direction.
type Flow struct {
	Total int64   // bytes since the start
	Rate  float64 // bytes per second, over the last seconds
	Peak  float64 // the highest Rate so far
}

// Stats are the figures of a torrent at one moment.
type Stats struct {
	Torrent swarm.ID
	Phase   Phase
	Err     error // why the torrent failed; nil in other phases

	Start   time.Time     // when it was added
	Run     time.Duration // since then
	Checked int           // pieces that the check has looked at, of ToCheck
	ToCheck int           // pieces

	Pieces     int   // of the torrent
	Held       int   // checked and written
	Pending    int   // begun, not held
	Unreadable int   // that could not be read and are not served for now
	Wrong      int   // that failed their check, each time counted
	Length     int64 // bytes, pads included
	Left       int64 // bytes of pieces that are not held; -1 for unknown

	Wanted       int   // pieces that are wanted
	WantedHeld   int   // of those, the ones that are held
	WantedLength int64 // bytes of the pieces that are wanted, pads included
	WantedLeft   int64 // of those, the bytes of pieces that are not held; -1 for unknown

	Down, Up                 Flow  // payload; totals include former runs
	DownBefore, UpBefore     int64 // payload bytes of former runs
	DownProtocol, UpProtocol Flow  // everything else on the wire
	Wasted                   int64 // payload bytes that were received in vain
	Syncing                  bool  // every piece that is wanted is held, and the Storage makes them outlast a power cut
	EndGame                  bool  // the last blocks are requested of several peers at a time, as the picker says

	Peers   int // connected
	Seeds   int // of those, with every piece
	Dialing int // addresses being connected to
	Known   int // addresses
}

// Complete reports whether every piece is held.
func (s Stats) Complete() bool { return s.Held == s.Pieces && s.Left >= 0 }

// Finished reports whether every piece that is wanted is held.
func (s Stats) Finished() bool { return s.WantedHeld == s.Wanted && s.WantedLeft >= 0 }

// PeerStats are the figures of one connection at one moment.
type PeerStats struct {
	Addr     netip.AddrPort
	ID       swarm.PeerID
	Client   string // what it calls itself (BEP 10), or empty
	Outgoing bool   // we dialed it
	Joined   time.Time

	BitfieldPending bool          // it has not said yet what it has
	Choking         bool          // it chokes us
	Interested      bool          // it wants our pieces
	AmChoking       bool          // we choke it
	AmInterested    bool          // we want its pieces
	Snubbed         bool          // blocks that we requested of it are overdue
	Pieces          int           // that it has
	Requested       int           // blocks that we wait for
	Queue           int           // blocks to wait for, as its rate suggests
	Serving         int           // blocks that wait to be sent to it
	RoundTrip       time.Duration // mean time from request to block
	Down, Up        Flow          // payload
	DownAll, UpAll  int64         // bytes on the wire
	Unknown         int64         // messages of unknown kind that it sent, and that were skipped
	Ignored         int64         // messages to extensions, and addresses in them, that broke a rule and were ignored
}
