package engine

import (
	"errors"
	"fmt"
	"time"

	"github.com/shoal-bt/shoal/protocol/addressbook"
	"github.com/shoal-bt/shoal/protocol/wanted"
	"github.com/shoal-bt/shoal/swarm"
)

// A Verdict is a piece to be checked, and the result.
type Verdict = swarm.Verdict

// A Spec is what the engine needs to know of a torrent.
type Spec struct {
	// Swarms are the swarms of the torrent, two for a hybrid: each is
	// announced, and a connection belongs to one of them. The first is the
	// torrent's ID. A peer is dialed in the swarm whose source named it. One
	// that is known in several, or that a user named, is dialed in the first,
	// and in the next if it does not shake hands there. At most 8. The slice must not
	// change any more.
	Swarms []swarm.ID

	// Geometry says how the torrent is cut.
	Geometry swarm.Geometry

	// Verify checks a batch of pieces. It is called from several goroutines
	// at once and must not keep the bytes.
	Verify func(batch []Verdict)

	// Lanes is the number of pieces that Verify hashes side by side. Up to that
	// number, a piece waits some milliseconds for others, because hashing them
	// together is faster. Zero means that no piece waits.
	Lanes int

	// Sections says that Verify takes pieces section by section, as swarm.Verdict
	// describes. Then long pieces are hashed and written as they come, several side
	// by side, if Lanes is more than one.
	Sections bool

	// Storage keeps the bytes; the engine closes it, also if Add fails. One that
	// is a swarm.Idler gets a call when the torrent is complete and nobody is connected.
	// One that is a swarm.WriteLaner says which writes must wait for each other.
	Storage swarm.Storage

	// NewPicker makes the torrent's picker. It is called when the torrent has
	// pieces to request, and again after a pause, or when more is wanted; the
	// picker before is forgotten by then. Each picker learns what is held, wanted and
	// has arrived. It may be called once more to see what pickers can do. The call
	// must not block, and must not call the Torrent.
	NewPicker func() swarm.Picker

	// Sources find peers.
	Sources []swarm.PeerSource

	// Announced says how far Sources are that another has announced to for this torrent
	// with the same peer ID, as a fetch of metadata does. They do not hear Started again, none
	// is called before its time, and the torrent owns the Call of each. A source whose
	// type cannot be compared, such as swarm.List, begins as one that nobody has called.
	Announced []SourceStats

	// Have are pieces held already, which are taken on trust; nil for none.
	Have swarm.Bitfield

	// Check are pieces that may be there and are checked before anything
	// else happens; nil for none.
	Check swarm.Bitfield

	// Priorities has the priority of each piece, from 0, not wanted, to 7; nil means 4 for
	// all. Deadlines say by piece when it is needed; one that is not wanted gets priority 1.
	// Both need a picker that is a swarm.Prioritizer, otherwise Add fails with
	// ErrNotPrioritizer. The engine keeps the slice, which must not change any more.
	Priorities []uint8
	Deadlines  map[int]time.Time

	// Sequential says that, of pieces of the same priority, those of a lower index are begun
	// first. It needs a picker that is a swarm.Sequencer, otherwise Add fails with
	// ErrNotSequencer.
	Sequential bool

	// Spilled are blocks of incomplete pieces that a former run left in the
	// Storage: block numbers by piece.
	Spilled map[int][]int

	// Uploaded and Downloaded are the payload bytes of former runs.
	Uploaded, Downloaded int64

	// Private says that peers may come only from Sources and from users
	// (https://www.bittorrent.org/beps/bep_0027.html): what peers say of other peers is
	// ignored, and extensions can read it (ExtensionTorrent.Private).
	Private bool

	// UploadOnly says that the torrent downloads nothing and never writes, also if pieces
	// are missing; peers and trackers are informed
	// (https://www.bittorrent.org/beps/bep_0021.html). What cannot be read when it is
	// checked is checked again 1 to 30 minutes later, and the rest is served meanwhile.
	UploadOnly bool

	// Extensions make the extensions of this torrent, beside those of
	// TorrentConfig.Extensions. Nil means none.
	Extensions []ExtensionMaker

	// Paused says that the torrent waits for Resume.
	Paused bool

	// Config overrides the engine's; nil for none.
	Config *TorrentConfig
}

// validate reports what Add cannot work with.
func (s Spec) validate() error {
	g := s.Geometry
	switch {
	case len(s.Swarms) == 0:
		return errors.New("no swarm")
	case len(s.Swarms) > addressbook.MaxSwarms:
		return fmt.Errorf("%d swarms are too many", len(s.Swarms))
	case g.PieceLength < 1 || g.Length < 0 || g.PieceLength > 1<<31-1:
		return fmt.Errorf("impossible geometry: %d bytes in pieces of %d", g.Length, g.PieceLength)
	case g.Length/g.PieceLength > 1<<27:
		return fmt.Errorf("too many pieces: %d bytes in pieces of %d", g.Length, g.PieceLength)
	case s.Verify == nil || s.Storage == nil || s.NewPicker == nil:
		return errors.New("a Spec needs Verify, Storage and NewPicker")
	case s.Have != nil && !s.Have.Fits(g.Pieces()):
		return errors.New("the pieces in Have do not fit their number")
	case s.Check != nil && !s.Check.Fits(g.Pieces()):
		return errors.New("the pieces in Check do not fit their number")
	case s.Priorities != nil && len(s.Priorities) != g.Pieces():
		return fmt.Errorf("%d priorities for %d pieces: there must be one for each", len(s.Priorities), g.Pieces())
	}
	return s.validateWants()
}

// validateWants reports what is wanted of pieces that there are not, or of a picker that cannot
// do it.
func (s Spec) validateWants() error {
	n := s.Geometry.Pieces()
	for i, priority := range s.Priorities {
		if err := wanted.Check([]PriorityRun{{First: i, Last: i, Priority: priority}}, n); err != nil {
			return err
		}
	}
	for piece := range s.Deadlines {
		if err := wanted.Check([]PriorityRun{{First: piece, Last: piece}}, n); err != nil {
			return err
		}
	}
	if s.Priorities == nil && len(s.Deadlines) == 0 && !s.Sequential {
		return nil
	}
	can := wanted.AbilitiesOf(s.NewPicker())
	if s.Priorities != nil || len(s.Deadlines) > 0 {
		if err := can.Prioritize(); err != nil {
			return err
		}
	}
	if s.Sequential {
		return can.Sequence()
	}
	return nil
}
