package pieces

import (
	"fmt"
	"slices"
	"testing"

	"github.com/shoal-bt/shoal/swarm"
	"github.com/stretchr/testify/require"
)

// FuzzTable does with a Table what package protocol does with it, in any order. After
// each step the counts must agree with the blocks, and each buffer must be in one place.
func FuzzTable(f *testing.F) {
	f.Add([]byte{0, 0, 0, 1, 0, 2, 2, 0, 4, 0, 3, 0, 5, 0, 8, 0})
	f.Add([]byte{0, 0, 0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 5, 0, 6, 0, 5, 0, 6, 3, 7, 0, 1, 8, 3, 8, 4, 1})
	f.Add([]byte{0, 0, 0, 4, 0, 8, 0, 12, 5, 1, 6, 0, 5, 1, 6, 0, 10, 1, 10, 0, 0, 16, 0, 20, 5, 0, 6, 0})
	f.Fuzz(func(t *testing.T, data []byte) {
		// Each step looks at all that came before, and a run of ten seconds counts as one that hangs.
		data = data[:min(len(data), 3000)]
		h := newHarness(t)
		for len(data) >= 2 {
			op, arg := data[0]%11, int(data[1])
			data = data[2:]
			h.step(op, arg)
			require.NoError(t, h.check(), "after %d %d", op, arg)
		}
		h.finish()
	})
}

// fuzzBlocks is the number of blocks of a piece in FuzzTable.
const fuzzBlocks = 6

// A harness is a Table, and the writes and checks that its buffers are lent to.
type harness struct {
	t        *testing.T
	table    Table
	geo      *swarm.Geometry
	serial   uint64
	senders  []*Sender
	given    int            // buffers that were given to the Table
	free     map[*byte]bool // those that came back for good
	spills   []loan
	checks   []loan
	sections []loan // that are hashed, and being written
}

// A loan is buffers on their way through verifiers or Storage.
type loan struct {
	asm     *Assembly
	numbers []int    // of the blocks to write; nil for a check
	bufs    [][]byte // entries of a check may be nil
	section bool
	from    int // the first block of a section that was hashed
}

func newHarness(t *testing.T) *harness {
	geo := &swarm.Geometry{PieceLength: fuzzBlocks * swarm.BlockLen, Length: 4*fuzzBlocks*swarm.BlockLen - 100}
	geo.Pads = []swarm.Span{
		{Offset: (fuzzBlocks + 2) * swarm.BlockLen, Length: 2*swarm.BlockLen + 5},
		{Offset: (3*fuzzBlocks - 1) * swarm.BlockLen, Length: swarm.BlockLen},
	}
	return &harness{
		t:       t,
		table:   New(geo),
		geo:     geo,
		senders: []*Sender{newSender(1), newSender(2), newSender(3)},
		free:    make(map[*byte]bool),
	}
}

func (h *harness) step(op byte, arg int) {
	piece, k := arg%4, arg/4%fuzzBlocks
	a := h.table.Get(piece)
	switch op {
	case 0, 1:
		h.add(piece, k, h.senders[arg%3], op == 1 && arg >= 128)
	case 2:
		if a := h.table.LeastComplete(); a != nil {
			numbers, bufs := a.TakeBuffers()
			h.spills = append(h.spills, loan{asm: a, numbers: numbers, bufs: bufs})
		}
	case 3:
		h.written(arg)
	case 4:
		if a != nil && !a.Checking && !a.UnderWay() {
			h.remove(a, arg/4)
		}
	case 5:
		h.lend(arg)
	case 6:
		h.checked(arg)
	case 7:
		h.table.ForgetEmpty()
	case 8:
		if a != nil {
			h.table.Forget(piece)
			h.back(a.Remove(a.InMemory()))
		}
	case 10:
		h.sectionWritten(arg)
	case 9:
		if arg == 0 {
			all := h.table.InOrder()
			h.table.Clear()
			for _, a := range all {
				h.back(a.Remove(a.InMemory()))
			}
		}
	}
}

// add adds a block that is missing, and begins its piece if need be.
func (h *harness) add(piece, k int, from *Sender, stored bool) {
	a := h.table.Get(piece)
	if a == nil {
		h.serial++
		a = h.table.Begin(piece, h.serial)
	}
	b := h.geo.Request(piece, k)
	if a.Arrived(k) || !h.geo.Contains(b) {
		return
	}
	if stored {
		a.AddStored(k)
		return
	}
	h.given++
	a.Add(from, b, newBuf())
}

// written ends the oldest write, well or badly.
func (h *harness) written(arg int) {
	if len(h.spills) == 0 {
		return
	}
	s := h.spills[0]
	h.spills = h.spills[1:]
	h.back(s.bufs)
	if h.table.Current(s.asm.Piece, s.asm.Serial) == nil {
		return
	}
	s.asm.Spilling -= len(s.numbers)
	if arg%4 == 0 {
		h.back(s.asm.Remove(s.numbers))
	}
}

// remove makes the blocks missing again that have arrived and whose bits are set.
func (h *harness) remove(a *Assembly, set int) {
	var numbers []int
	for k := range a.Blocks() {
		if a.Arrived(k) && set&(1<<k) != 0 {
			numbers = append(numbers, k)
		}
	}
	h.back(a.Remove(numbers))
}

// lend hands a complete piece to the verifiers, or the next section of another.
func (h *harness) lend(arg int) {
	for _, a := range h.table.InOrder() {
		if a.Ready() {
			a.Checking = true
			bufs, _ := a.Lend(a.Blocks() - a.Hashed)
			h.checks = append(h.checks, loan{asm: a, bufs: bufs})
			return
		}
	}
	most := 1 + arg%4
	if a := h.table.LongestFront(most); a != nil {
		n := min(a.Front(most), most)
		a.Hashing = n
		bufs, _ := a.Lend(n)
		h.checks = append(h.checks, loan{asm: a, bufs: bufs, section: true})
	}
}

// checked ends the oldest check. A wrong piece is begun again with its good blocks.
func (h *harness) checked(arg int) {
	if len(h.checks) == 0 {
		return
	}
	c := h.checks[0]
	h.checks = h.checks[1:]
	a := h.table.Current(c.asm.Piece, c.asm.Serial)
	switch {
	case a == nil:
		h.back(c.bufs)
	case c.section:
		a.sectionHashed(a.Hashed+a.Hashing, "state")
		c.from = a.Hashed - len(c.bufs)
		h.sections = append(h.sections, c)
	case arg%2 == 0:
		h.table.Forget(a.Piece)
		h.back(c.bufs)
	default:
		h.table.Forget(a.Piece)
		h.serial++
		again := h.table.Begin(a.Piece, h.serial)
		for k := range a.Blocks() {
			var buf []byte
			if k >= a.Hashed {
				buf = c.bufs[k-a.Hashed]
			}
			isGood := arg>>1&(1<<k) == 0
			if a.Arrived(k) && isGood {
				again.Move(a, k, buf)
			} else {
				h.back([][]byte{buf})
			}
		}
	}
}

// sectionWritten ends the write of a section.
func (h *harness) sectionWritten(arg int) {
	if len(h.sections) == 0 {
		return
	}
	i := arg % len(h.sections)
	c := h.sections[i]
	h.sections = slices.Delete(h.sections, i, i+1)
	h.back(c.bufs)
	if a := h.table.Current(c.asm.Piece, c.asm.Serial); a != nil {
		a.SectionWritten(c.from)
	}
}

// back notes buffers that came back for good.
func (h *harness) back(bufs [][]byte) {
	for _, b := range bufs {
		if b != nil {
			require.False(h.t, h.free[&b[0]], "a buffer came back twice")
			h.free[&b[0]] = true
		}
	}
}

// check returns which rule that holds at any time is broken.
func (h *harness) check() error {
	seen := make(map[*byte]string)
	for b := range h.free {
		seen[b] = "back"
	}
	place := func(bufs [][]byte, where string) error {
		for _, b := range bufs {
			if b == nil {
				continue
			}
			if seen[&b[0]] != "" {
				return fmt.Errorf("a buffer is %s and %s", where, seen[&b[0]])
			}
			seen[&b[0]] = where
		}
		return nil
	}
	for _, l := range slices.Concat(h.spills, h.checks, h.sections) {
		if err := place(l.bufs, "lent"); err != nil {
			return err
		}
	}
	for _, a := range h.table.InOrder() {
		if err := place(a.bufs, "held"); err != nil {
			return err
		}
		if err := checkAssembly(a); err != nil {
			return fmt.Errorf("piece %d, %s: %w", a.Piece, layoutOf(a), err)
		}
	}
	if len(seen) != h.given {
		return fmt.Errorf("%d buffers went in, and %d are somewhere", h.given, len(seen))
	}
	return nil
}

// checkAssembly returns which rule that holds of an assembly at any time is broken.
func checkAssembly(a *Assembly) error {
	arrived, missing, buffers := 0, 0, 0
	for k := range a.Blocks() {
		isPad := a.geo.IsPad(a.geo.Block(a.Piece, k))
		switch {
		case a.Arrived(k):
			arrived++
		case !isPad:
			missing++
		}
		if a.bufs[k] != nil {
			buffers++
		}
		switch {
		case a.bufs[k] != nil && !a.Arrived(k):
			return fmt.Errorf("block %d is in memory and has not arrived", k)
		case a.Sender(k) != nil && !a.Arrived(k):
			return fmt.Errorf("block %d has a sender and has not arrived", k)
		case k < a.Hashed && (a.bufs[k] != nil || !(a.Arrived(k) || isPad)):
			return fmt.Errorf("%d blocks are hashed, and block %d is not written", a.Hashed, k)
		}
	}
	switch {
	case arrived != a.arrivedCount || missing != a.Missing():
		return fmt.Errorf("%d have arrived and %d are counted; %d are missing and %d are counted", arrived, a.arrivedCount, missing, a.Missing())
	case buffers != a.Buffers() || buffers != len(a.InMemory()):
		return fmt.Errorf("%d buffers are here, %d are counted", buffers, a.Buffers())
	case (a.Hashed == 0) != (a.HashState == nil):
		return fmt.Errorf("%d blocks are hashed, and the state is %v", a.Hashed, a.HashState)
	}
	return nil
}

// finish ends all that is under way; then every buffer must have come back.
func (h *harness) finish() {
	for len(h.spills)+len(h.checks)+len(h.sections) > 0 {
		h.written(1)
		h.checked(0)
		h.sectionWritten(0)
	}
	for _, a := range h.table.InOrder() {
		h.back(a.Remove(a.InMemory()))
	}
	require.Len(h.t, h.free, h.given)
}
