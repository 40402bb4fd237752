package settings

import (
	"slices"
	"time"

	"github.com/shoal-bt/shoal/protocol/extension"
	"github.com/shoal-bt/shoal/swarm"
)

// A Setup is what a State starts from. The State keeps all of it and changes nothing.
type Setup struct {
	// Swarms are the swarms of the torrent, two for a hybrid; the first is its ID.
	// At least one, at most addressbook.MaxSwarms.
	Swarms []swarm.ID

	// Geometry says how the torrent is cut. It must not change any more.
	Geometry *swarm.Geometry

	// Config tunes the torrent; its zero fields mean the defaults named there. It
	// must not change any more, and several States can share one. Nil means all defaults.
	Config *Config

	// NewPicker makes the torrent's picker. It is called when there are pieces to
	// request, and again after a pause or when more is wanted; the picker before is
	// forgotten by then. It may be called once more to see what pickers can do. It must
	// not call the State.
	NewPicker func() swarm.Picker

	// Memory is the torrent's share of the buffers; nil means no limit.
	Memory Memory

	// Port is where we accept connections; 0 means nowhere.
	Port uint16

	// PeerTimeout ends a connection on which nothing came. Zero means 120 s.
	PeerTimeout time.Duration

	// Lanes is the number of pieces that are hashed side by side; zero means 1.
	Lanes int

	// Sections says that long pieces may be checked section by section
	// (Check.Section). It has an effect only if Lanes is more than 1.
	Sections bool

	// Have are pieces that are held and taken on trust. Check are pieces that may be
	// stored and are checked first. Nil means none.
	Have, Check swarm.Bitfield

	// Priorities has the priority of each piece, from 0, not wanted, to 7; nil means 4 for
	// all. Deadlines say by piece when it is needed; one that is not wanted gets priority 1.
	// Both need a picker that is a swarm.Prioritizer.
	Priorities []uint8
	Deadlines  map[int]time.Time

	// Sequential says that, of pieces of the same priority, those of a lower index are begun
	// first. It needs a picker that is a swarm.Sequencer.
	Sequential bool

	// Spilled are blocks of incomplete pieces that are stored: block numbers by piece.
	Spilled map[int][]int

	// Uploaded and Downloaded are the payload bytes of former runs.
	Uploaded, Downloaded int64

	// Private says that peers may come only from the torrent's own trackers and from users
	// (https://www.bittorrent.org/beps/bep_0027.html).
	Private bool

	// UploadOnly says that the torrent downloads nothing and writes nothing, also if pieces
	// are missing: it is a partial seed (https://www.bittorrent.org/beps/bep_0021.html).
	// A piece that cannot be read when it is checked is checked again later.
	UploadOnly bool

	// Extensions make the torrent's extensions (BEP 10), beside those of Config. They are
	// called when the first peer joins that speaks the extension protocol.
	Extensions []extension.Maker

	// Say is what extensions send messages with from outside of the State: it has Say
	// applied later. It may be called from any goroutine. Nil means that they cannot.
	Say func(p swarm.Peer, name string, body []byte)

	// Paused says that the torrent waits for Resume once it is checked.
	Paused bool
}

// FullConfig returns Config with its defaults, and with the extensions of this torrent in front
// of those that it shares.
func (s *Setup) FullConfig() *Config {
	config := s.Config
	if config == nil {
		config = new(Config)
	}
	if !config.Complete() {
		full := config.Or(Default())
		config = &full
	}
	if len(s.Extensions) > 0 {
		own := *config
		own.Extensions = slices.Concat(s.Extensions, config.Extensions)
		config = &own
	}
	return config
}

// A Memory is the torrent's share of the block buffers. A unit is the right to one
// buffer of swarm.BlockLen bytes. The State reserves a unit before it requests a
// block; the unit travels with the buffer through reader, State and verifier until
// Drop. Package budget has the one that the engine uses.
//
// Calls must not block and must not apply an Input; they answer later by Refilled
// or Reclaim. Only the State calls a Memory, and the connections' readers take
// buffers from wherever it keeps them.
type Memory interface {
	// Reserve sets up to n units aside and returns how many it got. If it got
	// none, Refilled follows when there are some.
	Reserve(n int) int

	// Release gives n units back that have no buffer.
	Release(n int)

	// Drop takes buffers back together with their units. Entries may be nil. The
	// slice stays the caller's.
	Drop(bufs [][]byte)

	// Keep takes a buffer back but leaves its unit with the torrent.
	Keep(buf []byte)

	// Reclaimed answers Reclaim: whether memory will come back.
	Reclaimed(gives bool)

	// Held returns the units that the torrent holds.
	Held() int

	// Units returns the units of all torrents together.
	Units() int
}
