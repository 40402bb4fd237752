package engine

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/shoal-bt/shoal/peerwire"
	"github.com/shoal-bt/shoal/swarm"
	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "rewrite the transcripts in testdata")

// TestTranscripts runs the files of testdata through a state. A line is something
// that happens; the indented lines behind it are what the state does about it.
// Nothing runs but the test, so their order is exact.
func TestTranscripts(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			old, err := os.ReadFile(file)
			require.NoError(t, err)
			got := replay(t, string(old))
			if *update {
				require.NoError(t, os.WriteFile(file, []byte(got), 0o644))
				return
			}
			require.Equal(t, string(old), got)
		})
	}
}

// replay carries out the lines of a transcript and returns it with what came of
// each. A line that begins with "torrent" starts over.
func replay(t *testing.T, text string) string {
	var out strings.Builder
	var w *world
	t.Cleanup(func() {
		if t.Failed() {
			t.Log(out.String())
		}
	})
	for i, line := range strings.Split(strings.TrimRight(text, "\n"), "\n") {
		if strings.HasPrefix(line, "\t") {
			continue // what came of it last time
		}
		out.WriteString(line + "\n")
		words := strings.Fields(line)
		switch {
		case len(words) == 0 || strings.HasPrefix(line, "#"):
			continue
		case words[0] == "torrent":
			if w != nil {
				w.finish()
			}
			w = newWorld(t, words[1:])
		default:
			require.NotNil(t, w, "line %d: the first line must make a torrent", i+1)
			w.place = fmt.Sprintf("line %d: %s", i+1, line)
			w.obey(words)
		}
		for _, l := range w.take() {
			out.WriteString("\t" + l + "\n")
		}
		w.check()
	}
	w.finish()
	return out.String()
}

// world is one state and all that it believes to be outside.
type world struct {
	t      *testing.T
	place  string
	s      *state
	spec   Spec
	budget *budget
	now    time.Time
	start  time.Time
	lines  []string
	conns  map[swarm.Peer]*conn
	jobs   []verifyJob
	spills []spill
	waits  []chan error
	posted []event            // by the budget
	slow   []peerwire.Message // read from the socket, not handed over yet
}

// newWorld makes a torrent. Its words are pairs: piece and length in bytes, have
// and check as bits, memory in units, and so on.
func newWorld(t *testing.T, words []string) *world {
	w := &world{t: t, place: "torrent " + strings.Join(words, " "), conns: make(map[swarm.Peer]*conn)}
	w.start = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	w.now = w.start
	g := swarm.Geometry{PieceLength: 2 * swarm.BlockLen, Length: 8 * swarm.BlockLen}
	cfg := TorrentConfig{PeerID: peerID("m"), UserAgent: "Test", MaxPeers: 80, UploadSlots: 8, SeedOutgoing: On,
		Events: AllEvents &^ (OnStats | OnHeld), NewChoker: NewTitForTat, IdleTimeout: 10 * time.Minute}
	units, part := 256, minSectionLen
	w.spec.Swarms = []swarm.ID{{1}}
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
			w.spec.Have = bits(value)
		case "check":
			w.spec.Check = bits(value)
		case "spilled":
			w.spec.Spilled = blocksByPiece(w, value)
		case "memory":
			units = w.number(value)
		case "slots":
			cfg.UploadSlots = w.number(value)
		case "peers":
			cfg.MaxPeers = w.number(value)
		case "idle":
			cfg.IdleTimeout = time.Duration(w.number(value)) * time.Second
		case "swarms":
			for len(w.spec.Swarms) < w.number(value) {
				w.spec.Swarms = append(w.spec.Swarms, swarm.ID{byte(len(w.spec.Swarms) + 1)})
			}
		case "paused":
			w.spec.Paused = value == "yes"
		case "outgoing":
			cfg.SeedOutgoing = map[string]Switch{"on": On, "off": Off}[value]
		case "parts": // of so many blocks
			w.spec.Sections, w.spec.Lanes, part = true, 1<<20, w.number(value)
		case "held":
			cfg.Events |= OnHeld
		default:
			t.Fatalf("torrent: unknown word %q", key)
		}
	}
	w.spec.Geometry = g
	w.spec.NewPicker = func() swarm.Picker { return newLowest(g) }
	w.budget = newBudget(int64(units) * swarm.BlockLen)
	purse := w.budget.open(func() { w.posted = append(w.posted, refilled{}) }, func() { w.posted = append(w.posted, reclaim{}) })
	w.s = newState(w.now, &w.spec, &w.spec.Geometry, &cfg, purse)
	w.s.port, w.s.minSection = 6881, part
	return w
}

func (w *world) say(format string, args ...any) {
	w.lines = append(w.lines, fmt.Sprintf(format, args...))
}

// take returns what was said since the last call.
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
	return w.spec.Geometry.Block(p, w.number(k))
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
		return netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 0, byte(n >> 8), byte(n)}), 6881)
	}
	a, err := netip.ParseAddrPort(s)
	require.NoError(w.t, err, w.place)
	return a
}

// content is the right bytes of a block.
func content(b swarm.Block) []byte {
	return bytes.Repeat([]byte{byte(b.Piece), byte(b.Begin / swarm.BlockLen)}, b.Length/2+1)[:b.Length]
}

// check holds the state to what must be true after every line.
func (w *world) check() {
	require.NoError(w.t, w.balance(), w.place)
	require.NoError(w.t, w.rules(), w.place)
	require.NoError(w.t, w.told(), w.place)
	require.NoError(w.t, w.contacts(), w.place)
}

// balance counts every unit of memory: with a request, in an assembly, on its way
// from a reader, with a verifier or with the store.
func (w *world) balance() error {
	s := w.s
	n := s.buffersOut
	for _, c := range w.conns {
		n += int(c.tally.credits.Load())
	}
	for _, a := range s.assembly {
		n += a.bufferCount()
	}
	for _, m := range w.slow {
		if m.Data != nil {
			n++
		}
	}
	if n != s.memory.held || n != w.budget.inUse() {
		return fmt.Errorf("%d units are accounted for, the purse holds %d, %d are in use", n, s.memory.held, w.budget.inUse())
	}
	inDisk := 0
	for _, j := range w.jobs {
		inDisk += count(j.blocks)
	}
	for _, e := range w.spills {
		inDisk += len(e.bufs)
	}
	if inDisk != s.buffersOut {
		return fmt.Errorf("%d buffers are with verifiers and store, the state thinks %d", inDisk, s.buffersOut)
	}
	return nil
}

func count(bufs [][]byte) (n int) {
	for _, b := range bufs {
		if b != nil {
			n++
		}
	}
	return n
}

// rules are what holds of peers and requests at any time.
func (w *world) rules() error {
	s := w.s
	for _, p := range s.order {
		seen := make(map[swarm.Block]bool)
		for _, r := range p.requests {
			switch {
			case seen[r.block]:
				return fmt.Errorf("peer %d was asked twice for %v", p.id, r.block)
			case !s.geo.Contains(r.block):
				return fmt.Errorf("peer %d was asked for %v, which is no block", p.id, r.block)
			}
			seen[r.block] = true
		}
		if c := int(p.tally.credits.Load()); c > len(p.requests) {
			return fmt.Errorf("peer %d has %d units for %d requests", p.id, c, len(p.requests))
		}
		if p.tally.queued.Load() < 0 {
			return fmt.Errorf("peer %d: %d blocks wait to be sent", p.id, p.tally.queued.Load())
		}
	}
	if s.have.Count() != s.haveN {
		return fmt.Errorf("%d pieces are held, %d counted", s.have.Count(), s.haveN)
	}
	for piece, a := range s.assembly {
		if s.have.Has(piece) {
			return fmt.Errorf("piece %d is held and in progress", piece)
		}
		here := 0
		for _, h := range a.arrived {
			if h {
				here++
			}
		}
		if here != a.arrivedCount || a.arrivedCount > a.wantedCount {
			return fmt.Errorf("piece %d: %d blocks are here, %d counted, %d wanted", piece, here, a.arrivedCount, a.wantedCount)
		}
		for k := range a.hashed {
			if a.bufs[k] != nil || !a.arrived[k] && !s.geo.IsPad(s.geo.Block(piece, k)) {
				return fmt.Errorf("piece %d: %d blocks are hashed, and block %d is not written", piece, a.hashed, k)
			}
		}
		if a.hashed > 0 && a.hashState != a.hashed || a.hashed+a.hashing > len(a.arrived) {
			return fmt.Errorf("piece %d: %d blocks are hashed, %d on their way, the state is %v", piece, a.hashed, a.hashing, a.hashState)
		}
		if a.arrivedCount == a.wantedCount && !a.checking && a.spilling == 0 && a.hashing == 0 {
			return fmt.Errorf("piece %d is whole and nobody checks it: %+v phase %v", piece, *a, s.phase)
		}
	}
	return nil
}

// finish closes the torrent; every unit of memory must come back.
func (w *world) finish() {
	w.place += " (at the end)"
	if w.s.phase != PhaseClosed {
		w.happen(ending{})
	}
	for id := range w.conns {
		w.happen(gone{id, errors.New("closed")})
		delete(w.conns, id)
	}
	for len(w.jobs)+len(w.spills) > 0 {
		for len(w.spills) > 0 {
			w.wrote(w.spills[0].asm.piece, nil)
		}
		for len(w.jobs) > 0 {
			w.judge(w.jobs[0].piece, "ok", nil)
		}
	}
	for _, m := range w.slow {
		if m.Data != nil {
			w.s.memory.drop(m.Data)
		}
	}
	w.slow = nil
	w.s.dropMemory()
	w.check()
	require.Zero(w.t, w.s.memory.held, w.place)
	require.Zero(w.t, w.budget.inUse(), w.place)
	w.take()
}
