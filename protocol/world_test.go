package protocol

import (
	"bytes"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/shoal-bt/shoal/peerwire"
	"github.com/shoal-bt/shoal/protocol/budget"
	"github.com/shoal-bt/shoal/protocol/report"
	"github.com/shoal-bt/shoal/swarm"
	"github.com/shoal-bt/shoal/swarm/pickertest"
	"github.com/stretchr/testify/require"
)

// world is one State and everything outside it.
type world struct {
	t      *testing.T
	place  string
	s      *State
	turn   Turn
	setup  Setup
	budget *budget.Budget
	quota  *budget.Quota
	now    time.Time
	start  time.Time
	lines  []string
	conns  map[swarm.Peer]*conn
	jobs   []Check
	hashed []Check // sections that are being written
	spills []Spill
	waits  []Ticket // of calls, in order
	last   Ticket
	ended  map[Ticket]error
	posted []Input               // by the budget
	ends   func(report.PeerLost) // is told of each; may be nil
	slow   []peerwire.Message    // read from the socket, not handed over yet
}

// newWorld makes a torrent. Its words are pairs: piece and length in bytes, have
// and check as bits, memory in units, and so on.
func newWorld(t *testing.T, words []string) *world {
	w := &world{t: t, place: "torrent " + strings.Join(words, " "), conns: make(map[swarm.Peer]*conn), ended: make(map[Ticket]error)}
	w.start = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	w.now = w.start
	g := swarm.Geometry{PieceLength: 2 * swarm.BlockLen, Length: 8 * swarm.BlockLen}
	cfg := Config{PeerID: peerID("m"), UserAgent: "Test", MaxPeers: 80, UploadSlots: 8, SeedOutgoing: On,
		Events: report.AllEvents &^ (report.OnStats | report.OnHeld), NewChoker: NewTitForTat, IdleTimeout: 10 * time.Minute}
	units, section, plain := 256, 16, false
	w.setup.Swarms = []swarm.ID{{1}}
	for i := 0; i < len(words); i += 2 {
		key, value := words[i], ""
		if i+1 < len(words) {
			value = words[i+1]
		}
		switch key {
		case "piece":
			g.PieceLength = int64(w.number(value))
		case "length":
			g.Length = int64(w.number(value))
		case "pad":
			off, n, _ := strings.Cut(value, "+")
			g.Pads = append(g.Pads, swarm.Span{Offset: int64(w.number(off)), Length: int64(w.number(n))})
		case "have":
			w.setup.Have = bits(value)
		case "check":
			w.setup.Check = bits(value)
		case "spilled":
			w.setup.Spilled = blocksByPiece(w, value)
		case "priorities":
			for _, c := range value {
				w.setup.Priorities = append(w.setup.Priorities, uint8(c-'0'))
			}
		case "deadline":
			w.setup.Deadlines = map[int]time.Time{w.number(value): w.start.Add(time.Minute)}
		case "sequential":
			w.setup.Sequential = value == "yes"
		case "picker":
			plain = value == "plain"
		case "memory":
			units = w.number(value)
		case "slots":
			cfg.UploadSlots = w.number(value)
		case "peers":
			cfg.MaxPeers = w.number(value)
		case "per-addr":
			cfg.MaxPeersPerAddr = w.number(value)
		case "per-network":
			cfg.MaxPeersPerNetwork = w.number(value)
		case "kept":
			cfg.OutgoingPeers = w.number(value)
		case "idle":
			cfg.IdleTimeout = time.Duration(w.number(value)) * time.Second
		case "swarms":
			for len(w.setup.Swarms) < w.number(value) {
				w.setup.Swarms = append(w.setup.Swarms, swarm.ID{byte(len(w.setup.Swarms) + 1)})
			}
		case "paused":
			w.setup.Paused = value == "yes"
		case "outgoing":
			cfg.SeedOutgoing = map[string]Switch{"on": On, "off": Off}[value]
		case "sections": // of so many blocks
			w.setup.Sections, w.setup.Lanes, section = true, 1<<20, w.number(value)
		case "upload-only":
			w.setup.UploadOnly = value == "yes"
		case "private":
			w.setup.Private = value == "yes"
		case "extensions":
			for name := range strings.SplitSeq(value, ",") {
				w.setup.Extensions = append(w.setup.Extensions, w.newTalker(name))
			}
		case "super":
			cfg.NewRevealer = func(pieces int, _ uint64) Revealer { return NewSuperSeed(pieces, 1) }
		case "held":
			cfg.Events |= report.OnHeld
		default:
			t.Fatalf("torrent: unknown word %q", key)
		}
	}
	w.setup.Geometry = &g
	w.setup.NewPicker = func() swarm.Picker {
		if plain {
			return struct{ swarm.Picker }{pickertest.NewLowest(g)}
		}
		return pickertest.NewLowest(g)
	}
	w.budget = budget.New(int64(units) * swarm.BlockLen)
	w.quota = w.budget.Open(func() { w.posted = append(w.posted, Refilled{}) }, func() { w.posted = append(w.posted, Reclaim{}) })
	w.setup.Config, w.setup.Memory, w.setup.Port = &cfg, w.quota, 6881
	w.s = New(w.now, w.setup)
	w.s.sections.Min = section
	return w
}

// conn is a connection as its reader and writer see it.
type conn struct {
	tally    Tally
	fast     bool
	line     Line
	accepted bool
	asked    map[swarm.Block]int // requests of it that are not answered
}

func (w *world) say(format string, args ...any) {
	w.lines = append(w.lines, fmt.Sprintf(format, args...))
}

// take returns what was said since the call before.
func (w *world) take() []string {
	lines := w.lines
	w.lines = nil
	return lines
}

// number reads a number; a b behind it counts blocks.
func (w *world) number(s string) int {
	digits, blocks := strings.CutSuffix(s, "b")
	n, err := strconv.Atoi(digits)
	require.NoError(w.t, err, w.place)
	if blocks {
		n *= swarm.BlockLen
	}
	return n
}

// bits reads a set of pieces.
func bits(s string) swarm.Bitfield {
	b := swarm.NewBitfield(len(s))
	for i, c := range s {
		if c == '1' {
			b.Set(i)
		}
	}
	return b
}

// block reads "1.0", block 0 of piece 1, or "1.0+100+16": bytes 100 to 115 of it.
func (w *world) block(s string) swarm.Block {
	parts := strings.Split(s, "+")
	piece, k, ok := strings.Cut(parts[0], ".")
	require.True(w.t, ok, "%s: no block: %q", w.place, s)
	p := w.number(piece)
	if len(parts) == 3 {
		return swarm.Block{Piece: p, Begin: w.number(k)*swarm.BlockLen + w.number(parts[1]), Length: w.number(parts[2])}
	}
	return w.setup.Geometry.Request(p, w.number(k))
}

// blocksByPiece reads "0:1,2/3:0".
func blocksByPiece(w *world, s string) map[int][]int {
	m := make(map[int][]int)
	for _, part := range strings.Split(s, "/") {
		piece, list, _ := strings.Cut(part, ":")
		m[w.number(piece)] = w.numbers(list)
	}
	return m
}

// numbers reads "0,1,2".
func (w *world) numbers(s string) (all []int) {
	for _, x := range strings.Split(s, ",") {
		if x != "" {
			all = append(all, w.number(x))
		}
	}
	return all
}

// peerID makes a name that sorts by its first letter.
func peerID(s string) (id swarm.PeerID) {
	copy(id[:], s)
	return id
}

// address reads "2", which is 10.0.0.2:6881, or a whole address.
func (w *world) address(s string) netip.AddrPort {
	if n, err := strconv.Atoi(s); err == nil {
		return address(n)
	}
	a, err := netip.ParseAddrPort(s)
	require.NoError(w.t, err, w.place)
	return a
}

// address returns the address of peer n.
func address(n int) netip.AddrPort {
	return netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 0, byte(n >> 8), byte(n)}), 6881)
}

// stored is the right bytes of a block that Geometry.Block returned: what peers send, and
// its pad.
func (w *world) stored(b swarm.Block) []byte {
	all := make([]byte, b.Length)
	copy(all, content(w.setup.Geometry.Request(b.Piece, b.Begin/swarm.BlockLen)))
	return all
}

// content is the right bytes of a block.
func content(b swarm.Block) []byte {
	return bytes.Repeat([]byte{byte(b.Piece), byte(b.Begin / swarm.BlockLen)}, b.Length/2+1)[:b.Length]
}
