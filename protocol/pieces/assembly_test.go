package pieces

import (
	"bytes"
	"net/netip"
	"testing"

	"github.com/shoal-bt/shoal/swarm"
	"github.com/stretchr/testify/require"
)

func TestAssemblyCountsBlocks(t *testing.T) {
	for _, test := range []struct {
		layout   string
		missing  int
		inMemory []int
	}{
		{"....", 4, nil},
		{"m..m", 2, []int{0, 3}},
		{"ms.s", 1, []int{0}},
		{"p..p", 2, nil},
		{"pmsp", 0, []int{1}},
		{"pppp", 0, nil},
		{"mmmm", 0, []int{0, 1, 2, 3}},
	} {
		a := newAssemblyOf(t, test.layout)
		require.Equal(t, test.layout, layoutOf(a))
		require.Equal(t, 4, a.Blocks(), test.layout)
		require.Equal(t, test.missing, a.Missing(), test.layout)
		require.Equal(t, test.inMemory, a.InMemory(), test.layout)
		require.Equal(t, len(test.inMemory), a.Buffers(), test.layout)
		require.Equal(t, test.missing == 0, a.Ready(), test.layout)
	}
}

func TestReadyWaitsForWhatIsUnderWay(t *testing.T) {
	for _, test := range []struct {
		name   string
		change func(*Assembly)
	}{
		{"spilling", func(a *Assembly) { a.Spilling = 1 }},
		{"hashing", func(a *Assembly) { a.Hashing = 1 }},
		{"writing", func(a *Assembly) { a.Writing = []Span{{0, 1}} }},
		{"checking", func(a *Assembly) { a.Checking = true }},
	} {
		a := newAssemblyOf(t, "mm")
		test.change(a)
		require.False(t, a.Ready(), test.name)
	}
}

func TestAddRemembersTheSender(t *testing.T) {
	a := newAssemblyOf(t, "s....")
	one, two, same := newSender(1), newSender(2), newSender(1)
	for k, p := range []*Sender{one, two, one, same} {
		a.Add(p, a.geo.Block(0, k+1), newBuf())
	}
	require.Nil(t, a.Sender(0), "nobody sent it")
	require.Same(t, two, a.Sender(2))
	require.Equal(t, []*Sender{one, two, same}, a.Senders(), "each connection once")
	require.True(t, a.SentBy(two))
	require.False(t, a.SentBy(newSender(2)), "another connection of the same address")
	require.Equal(t, []netip.AddrPort{one.Addr, two.Addr}, a.Addresses(nil), "each address once")
	require.Equal(t, []netip.AddrPort{two.Addr}, a.Addresses([]int{0, 2}), "of the bad blocks")
}

func TestRemoveReturnsBuffers(t *testing.T) {
	a := newAssemblyOf(t, "s..m")
	buf := newBuf()
	a.Add(newSender(1), a.geo.Block(0, 1), buf)
	bufs := a.Remove([]int{0, 1})
	require.Len(t, bufs, 1, "block 0 was in the Storage")
	require.Same(t, &buf[0], &bufs[0][0])
	require.Equal(t, "...m", layoutOf(a))
	require.Equal(t, 3, a.Missing())
	require.Nil(t, a.Sender(1))
	require.Empty(t, a.Senders())
	require.Empty(t, a.Remove(nil))
	require.Equal(t, 3, a.Missing())
}

// What is hashed counts from the front, so a hashed block that is lost ends it.
func TestRemoveOfAHashedBlock(t *testing.T) {
	for _, test := range []struct {
		lost   int
		hashed int
		state  any
	}{
		{0, 0, nil},
		{1, 0, nil},
		{2, 2, "state"},
		{3, 2, "state"},
	} {
		a := newAssemblyOf(t, "ssmm")
		a.Hashed, a.HashState = 2, "state"
		a.Remove([]int{test.lost})
		require.Equal(t, test.hashed, a.Hashed, "block %d is lost", test.lost)
		require.Equal(t, test.state, a.HashState, "block %d is lost", test.lost)
	}
}

// The pad at the end of a block is not requested, so the assembly fills it in: in the
// block's own buffer, whatever was there before.
func TestAddFillsInThePad(t *testing.T) {
	const end = 2*swarm.BlockLen + 1
	geo := &swarm.Geometry{PieceLength: 3 * swarm.BlockLen, Length: 3 * swarm.BlockLen}
	geo.Pads = []swarm.Span{{Offset: swarm.BlockLen + 5, Length: 7}, {Offset: end, Length: geo.Length - end}}
	table := New(geo)
	for name, room := range map[string]int{"a buffer of the budget": swarm.BlockLen, "a short one": 0} {
		a := table.Begin(0, 1)
		var first []*byte
		for k := range 3 {
			b := geo.Request(0, k)
			buf := bytes.Repeat([]byte{0xff}, max(b.Length, room))[:b.Length]
			first = append(first, &buf[0])
			a.Add(nil, b, buf)
		}
		require.True(t, a.Ready(), name)
		bufs, _ := a.Lend(3)
		for k, buf := range bufs {
			length := geo.Request(0, k).Length
			want := make([]byte, swarm.BlockLen)
			copy(want, bytes.Repeat([]byte{0xff}, length))
			require.Equal(t, want, buf, "%s, block %d", name, k)
			if room > 0 {
				require.Same(t, first[k], &buf[0], "%s, block %d", name, k)
			}
		}
	}
}

func TestMoveKeepsTheSender(t *testing.T) {
	from, sender := newAssemblyOf(t, "s."), newSender(1)
	from.Add(sender, from.geo.Block(0, 1), newBuf())
	bufs, _ := from.Lend(2)
	to := newAssembly(from.geo, 0, 2)
	to.Move(from, 0, bufs[0])
	to.Move(from, 1, bufs[1])
	require.Equal(t, "sm", layoutOf(to))
	require.Nil(t, to.Sender(0))
	require.Same(t, sender, to.Sender(1))
	require.Zero(t, to.Missing())
}

func TestTakeBuffersLeavesBlocksInTheStorage(t *testing.T) {
	a := newAssemblyOf(t, "m.sm")
	want := [][]byte{a.bufs[0], a.bufs[3]}
	numbers, bufs := a.TakeBuffers()
	require.Equal(t, []int{0, 3}, numbers)
	require.Len(t, bufs, 2)
	for i := range bufs {
		require.Same(t, &want[i][0], &bufs[i][0], "buffer %d", i)
	}
	require.Equal(t, 2, a.Spilling)
	require.Equal(t, 1, a.Missing(), "they have arrived all the same")
	require.Zero(t, a.Buffers())

	a.Add(nil, a.geo.Block(0, 1), newBuf())
	numbers, _ = a.TakeBuffers()
	require.Equal(t, []int{1}, numbers)
	require.Equal(t, 3, a.Spilling, "both writes are under way")
}

func TestLend(t *testing.T) {
	for _, test := range []struct {
		layout string
		hashed int
		n      int
		lent   string // m is a buffer
		stored bool
		left   string
	}{
		{"mmmm", 0, 4, "mmmm", false, "ssss"},
		{"mmmm", 0, 2, "mm", false, "ssmm"},
		{"ssmm", 2, 2, "mm", false, "ssss"},
		{"ssmm", 2, 1, "m", false, "sssm"},
		{"ssmm", 0, 4, "..mm", true, "ssss"},
		{"sssm", 2, 2, ".m", true, "ssss"},
		{"ssmp", 2, 2, "m.", false, "sssp"},
		{"mpmp", 0, 4, "m.m.", false, "spsp"},
		{"pppp", 0, 4, "....", false, "pppp"},
		{"mm..", 0, 2, "mm", false, "ss.."},
	} {
		a := newAssemblyOf(t, test.layout)
		a.Hashed = test.hashed
		missing := a.Missing()
		bufs, stored := a.Lend(test.n)
		lent := ""
		for _, b := range bufs {
			if b == nil {
				lent += "."
			} else {
				lent += "m"
			}
		}
		require.Equal(t, test.lent, lent, "%+v", test)
		require.Equal(t, test.stored, stored, "%+v", test)
		require.Equal(t, test.left, layoutOf(a), "%+v", test)
		require.Equal(t, missing, a.Missing(), "%+v", test)
	}
}

func TestFront(t *testing.T) {
	for _, test := range []struct {
		layout string
		hashed int
		most   int
		want   int
	}{
		{"mmmm", 0, 9, 4},
		{"mm.m", 0, 9, 2},
		{".mmm", 0, 9, 0},
		{"smmm", 0, 9, 0}, // it must be read back first
		{"ssmm", 2, 9, 2},
		{"mpm.", 0, 9, 3},
		{"pppp", 0, 9, 4},
		{"ssss", 4, 9, 0},
		{"mmmmmmmm", 0, 4, 5}, // enough to know that more than 4 are here
		{"ssmmmmmm", 2, 2, 3},
	} {
		a := newAssemblyOf(t, test.layout)
		a.Hashed = test.hashed
		require.Equal(t, test.want, a.Front(test.most), "%+v", test)
		a.Hashing = 1
		require.Zero(t, a.Front(test.most), "%+v: a section is under way", test)
		a.Hashing, a.Checking = 0, true
		require.Zero(t, a.Front(test.most), "%+v: all of it is being checked", test)
	}
}

// A long piece is lent section by section as it arrives, and its rest at the end.
func TestSectionsOfAPiece(t *testing.T) {
	a := newAssemblyOf(t, "mmm...")
	require.Equal(t, 3, a.Front(4))
	bufs, stored := a.Lend(2)
	a.Hashing = 2
	require.Len(t, bufs, 2)
	require.False(t, stored)
	require.Zero(t, a.Front(4))

	a.sectionHashed(2, "state")
	require.Equal(t, 2, a.Hashed)
	require.Zero(t, a.Hashing)
	require.Equal(t, 1, a.Front(4), "block 2 is still here")
	for k := 3; k < 6; k++ {
		a.Add(nil, a.geo.Block(0, k), newBuf())
	}
	require.False(t, a.Ready(), "the first section is being written")
	require.True(t, a.SectionWritten(0))
	require.True(t, a.Ready())
	bufs, stored = a.Lend(a.Blocks() - a.Hashed)
	require.Equal(t, 4, CountBuffers(bufs))
	require.False(t, stored, "what is hashed needs no reading")
	require.Equal(t, "ssssss", layoutOf(a))
}

func TestPadsAreNotWanted(t *testing.T) {
	geo := &swarm.Geometry{
		PieceLength: 3 * swarm.BlockLen,
		Length:      3 * swarm.BlockLen,
		Pads:        []swarm.Span{{Offset: swarm.BlockLen + 1, Length: 2*swarm.BlockLen - 1}},
	}
	require.Equal(t, 2, newAssembly(geo, 0, 1).Missing(), "block 1 has one byte that is no pad")
}

// Of a piece with a wrong block the others are kept, and the buffer of the wrong one comes back.
func TestMoveGood(t *testing.T) {
	geo := &swarm.Geometry{PieceLength: 4 * swarm.BlockLen, Length: 4 * swarm.BlockLen}
	var from Sender
	a, again := newAssembly(geo, 0, 1), newAssembly(geo, 0, 2)
	a.AddStored(0)
	var bufs [][]byte
	for k := 1; k < 3; k++ {
		bufs = append(bufs, make([]byte, swarm.BlockLen))
		a.Add(&from, geo.Block(0, k), bufs[k-1])
	}
	require.EqualValues(t, 2*swarm.BlockLen, a.SentBytes(nil), "nobody sent the first")
	require.EqualValues(t, swarm.BlockLen, a.SentBytes([]int{0, 2}))
	a.Lend(4)
	wrong := a.MoveGood(again, []int{2}, 1, append(bufs, nil))
	require.Len(t, wrong, 1)
	require.Same(t, &bufs[1][0], &wrong[0][0])
	require.Equal(t, []bool{true, true, false, false}, again.arrived)
	require.Equal(t, []*Sender{nil, &from, nil, nil}, again.senders)
}
