package connection

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/shoal-bt/shoal/peerwire"
	"github.com/shoal-bt/shoal/swarm"
	"github.com/stretchr/testify/require"
)

// serveBlock returns block n of piece 0, which is a whole one.
func serveBlock(n int) swarm.Block {
	return swarm.Block{Begin: n * swarm.BlockLen, Length: swarm.BlockLen}
}

func serveBlocks(numbers ...int) (all []swarm.Block) {
	for _, n := range numbers {
		all = append(all, serveBlock(n))
	}
	return all
}

// deliver hands an Outbox to the Line, as the State and an engine do together.
func deliver(l *Line, o Outbox) {
	l.Tally.queued.Add(int64(len(o.Serve)))
	l.Deliver(&o)
}

// decode returns all messages of b.
func decode(t *testing.T, b []byte) (all []peerwire.Message) {
	d := peerwire.NewDecoder(peerwire.Limits{Fast: true})
	for len(b) > 0 {
		m, n, _, err := d.Decode(b)
		require.NoError(t, err)
		require.NotZero(t, n, "the last message is not whole")
		all = append(all, m)
		b = b[n:]
	}
	return all
}

// rejects returns the blocks of the Reject messages in b.
func rejects(t *testing.T, b []byte) (blocks []swarm.Block) {
	for _, m := range decode(t, b) {
		if m.Kind == peerwire.Reject {
			blocks = append(blocks, m.Block)
		}
	}
	return blocks
}

// With the fast extension each request is answered exactly once: by the block or by a
// Reject (https://www.bittorrent.org/beps/bep_0006.html, "Reject Request").
func TestWithdrawnBlocksAreRejected(t *testing.T) {
	for _, test := range []struct {
		name     string
		outboxes []Outbox
		sent     []swarm.Block
		rejected []swarm.Block
	}{
		{"nothing is withdrawn", []Outbox{
			{Serve: serveBlocks(0, 1)},
		}, serveBlocks(0, 1), nil},
		{"clear", []Outbox{
			{Serve: serveBlocks(0, 1)},
			{Clear: true},
			{Clear: true},
		}, nil, serveBlocks(0, 1)},
		{"clear is before what comes with it", []Outbox{
			{Serve: serveBlocks(0)},
			{Clear: true, Serve: serveBlocks(1)},
		}, serveBlocks(1), serveBlocks(0)},
		{"cancel", []Outbox{
			{Serve: serveBlocks(0, 1, 2, 3)},
			{Cancel: serveBlocks(2, 0)},
		}, serveBlocks(1, 3), serveBlocks(2, 0)},
		{"cancel twice", []Outbox{
			{Serve: serveBlocks(0, 1)},
			{Cancel: serveBlocks(1, 1)},
			{Cancel: serveBlocks(1)},
		}, serveBlocks(0), serveBlocks(1)},
		{"cancel one of two requests for a block", []Outbox{
			{Serve: serveBlocks(0, 1, 0)},
			{Cancel: serveBlocks(0)},
		}, serveBlocks(1, 0), serveBlocks(0)},
		{"cancel what does not wait", []Outbox{
			{Serve: serveBlocks(0)},
			{Cancel: []swarm.Block{{Length: 5}, serveBlock(7)}},
		}, serveBlocks(0), nil},
		{"clear and cancel together", []Outbox{
			{Serve: serveBlocks(0, 1)},
			{Clear: true, Cancel: serveBlocks(0)},
		}, nil, serveBlocks(0, 1)},
	} {
		for _, fast := range []bool{true, false} {
			l := Line{Fast: fast, Tally: new(Tally)}
			for _, o := range test.outboxes {
				deliver(&l, o)
			}
			require.Equal(t, int64(len(test.sent)), l.Tally.queued.Load(), test.name)
			out, blocks := l.Take(nil, nil, 100, 1<<30)
			require.Equal(t, test.sent, blocks, test.name)
			if fast {
				require.Equal(t, test.rejected, rejects(t, out), test.name)
			} else {
				require.Empty(t, out, "%s: without the fast extension", test.name)
			}
			l.Tally.Sent(len(blocks))
			require.Zero(t, l.Tally.queued.Load(), test.name)
		}
	}
}

// A block that was taken is on its way, so it is sent and not rejected.
func TestTakenBlocksAreNotWithdrawn(t *testing.T) {
	l := Line{Fast: true, Tally: new(Tally)}
	deliver(&l, Outbox{Serve: serveBlocks(0, 1)})
	_, taken := l.Take(nil, nil, 1, 1<<30)
	require.Equal(t, serveBlocks(0), taken)
	deliver(&l, Outbox{Clear: true, Cancel: serveBlocks(0)})
	out, blocks := l.Take(nil, nil, 1, 1<<30)
	require.Equal(t, serveBlocks(1), rejects(t, out))
	require.Empty(t, blocks)
	require.Equal(t, int64(1), l.Tally.queued.Load(), "the taken block counts until it is sent")
	l.Tally.Sent(1)
	require.Zero(t, l.Tally.queued.Load())
}

// A Late message is made when it is taken, and a number of them wait that the Tally bounds.
func TestLateMessages(t *testing.T) {
	l := Line{Tally: new(Tally)}
	var o Outbox
	body := func() []byte { return nil }
	require.False(t, o.AddExtended(l.Tally, 0, body))
	for i := range maxLate {
		require.True(t, o.AddExtended(l.Tally, 7, func() []byte { return []byte{byte(i)} }))
	}
	require.False(t, o.AddExtended(l.Tally, 7, body))
	deliver(&l, o)
	require.Zero(t, l.Unsent())
	require.Equal(t, maxLate, l.Late())
	o = Outbox{}
	for i := range maxLate {
		made := decode(t, l.TakeLate()(nil))
		require.Equal(t, []peerwire.Message{{Kind: peerwire.Extended, ExtID: 7, Data: []byte{byte(i)}}}, made)
		require.True(t, o.AddExtended(l.Tally, 7, body), "its place is free")
		require.False(t, o.AddExtended(l.Tally, 7, body))
	}
	require.Empty(t, o.Late[0](nil), "nothing is sent of no body")
	require.Nil(t, l.TakeLate())
	require.Zero(t, l.Late())
}

func TestMessagesKeepTheirOrder(t *testing.T) {
	l := Line{Fast: true, Tally: new(Tally)}
	choke := peerwire.Message{Kind: peerwire.Choke}
	unchoke := peerwire.Message{Kind: peerwire.Unchoke}
	deliver(&l, Outbox{Bytes: unchoke.AppendTo(nil), Serve: serveBlocks(0)})
	deliver(&l, Outbox{Bytes: choke.AppendTo(nil), Clear: true})
	deliver(&l, Outbox{Bytes: unchoke.AppendTo(nil)})
	unsent := l.Unsent()
	out, _ := l.Take(nil, nil, 1, 1)
	require.Len(t, out, unsent)
	require.Zero(t, l.Unsent())
	var kinds []peerwire.Kind
	for _, m := range decode(t, out) {
		kinds = append(kinds, m.Kind)
	}
	require.Equal(t, []peerwire.Kind{peerwire.Unchoke, peerwire.Choke, peerwire.Reject, peerwire.Unchoke}, kinds)
	out, _ = l.Take(nil, nil, 1, 1)
	require.Empty(t, out, "once each")
}

func TestTakeKeepsToItsBounds(t *testing.T) {
	const whole = peerwire.PieceHeaderLen + swarm.BlockLen
	for _, test := range []struct {
		n, size int
		want    int // blocks
	}{
		{1, 1 << 30, 1},
		{3, 1 << 30, 3},
		{5, 1 << 30, 4},
		{0, 1 << 30, 0},
		{5, 2 * whole, 2},
		{5, 3*whole - 1, 2},
		{5, 4 * whole, 4},
		{2, 3 * whole, 2},
		{5, 1, 1}, // or it would never be sent
		{5, 0, 1},
	} {
		l := Line{Tally: new(Tally)}
		deliver(&l, Outbox{Serve: serveBlocks(0, 1, 2, 3)})
		_, blocks := l.Take(nil, nil, test.n, test.size)
		require.Len(t, blocks, test.want, "%+v", test)
		_, rest := l.Take(nil, nil, 100, 1<<30)
		require.Equal(t, serveBlocks(0, 1, 2, 3), slices.Concat(blocks, rest), "%+v", test)
	}
}

// A writer hands its two slices back with each Take, so a Line that is in use
// allocates nothing.
func TestTakeUsesSlicesAgain(t *testing.T) {
	l := Line{Fast: true, Tally: new(Tally)}
	request := Outbox{
		Bytes: peerwire.Message{Kind: peerwire.Have, Piece: 1}.AppendTo(nil),
		Serve: serveBlocks(0, 1, 2),
	}
	cancel := Outbox{Cancel: serveBlocks(1)}
	var out []byte
	var blocks []swarm.Block
	next := func() {
		deliver(&l, request)
		deliver(&l, cancel)
		out, blocks = l.Take(out, blocks, 2, 1<<30)
		l.Tally.Sent(len(blocks))
	}
	next()
	next()
	require.Zero(t, testing.AllocsPerRun(100, next))
	require.Equal(t, serveBlocks(0, 2), blocks)
	require.Len(t, decode(t, out), 2)
	require.Zero(t, l.Tally.queued.Load())
}

// The caller owns what it took: a Line writes nothing more into it.
func TestTakeGivesItsSlicesAway(t *testing.T) {
	l := Line{Fast: true, Tally: new(Tally)}
	deliver(&l, Outbox{Bytes: peerwire.Message{Kind: peerwire.Have, Piece: 1}.AppendTo(nil), Serve: serveBlocks(0, 1)})
	out, blocks := l.Take(nil, nil, 1, 1<<30)
	wantOut, wantBlocks := slices.Clone(out), slices.Clone(blocks)
	deliver(&l, Outbox{Bytes: peerwire.Message{Kind: peerwire.Have, Piece: 2}.AppendTo(nil), Serve: serveBlocks(2), Clear: true})
	l.Take(nil, nil, 9, 1<<30)
	require.Equal(t, wantOut, out)
	require.Equal(t, wantBlocks, blocks)
}

// Many blocks that are cancelled in one turn are withdrawn as if one by one: each cancels
// the first of equal ones, and those that do not wait are passed over.
func TestManyCancels(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		many, few := Line{Fast: true, Tally: new(Tally)}, Line{Fast: true, Tally: new(Tally)}
		var serve, cancel []swarm.Block
		for range rng.IntN(100) {
			serve = append(serve, serveBlock(rng.IntN(40)))
		}
		for range fewCancels + 1 + rng.IntN(50) {
			cancel = append(cancel, serveBlock(rng.IntN(40)))
		}
		deliver(&many, Outbox{Serve: serve})
		deliver(&few, Outbox{Serve: serve})
		deliver(&many, Outbox{Cancel: cancel})
		for _, b := range cancel {
			deliver(&few, Outbox{Cancel: []swarm.Block{b}})
		}
		require.Equal(t, few.Tally.Queued(), many.Tally.Queued())
		outFew, blocksFew := few.Take(nil, nil, 100, 1<<30)
		outMany, blocksMany := many.Take(nil, nil, 100, 1<<30)
		require.Equal(t, blocksFew, blocksMany)
		require.ElementsMatch(t, rejects(t, outFew), rejects(t, outMany))
	}
}

// BenchmarkCancels cancels all blocks that wait, the last one first.
func BenchmarkCancels(b *testing.B) {
	const n = 2000
	var serve, cancel []swarm.Block
	for i := range n {
		serve = append(serve, serveBlock(i))
		cancel = append(cancel, serveBlock(n-1-i))
	}
	l := Line{Fast: true, Tally: new(Tally)}
	for b.Loop() {
		l.Deliver(&Outbox{Serve: serve})
		l.Deliver(&Outbox{Cancel: cancel})
		l.out = l.out[:0]
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/cancel")
}

// What was once large is not kept for a peer that is given nothing.
func TestMemoryIsReleased(t *testing.T) {
	l := Line{Fast: true, Tally: new(Tally)}
	o := Outbox{Bytes: make([]byte, 100_000), Cancel: make([]swarm.Block, 1000)}
	for i := range 2000 {
		o.Serve = append(o.Serve, serveBlock(i))
	}
	deliver(&l, o)
	o.Reset()
	require.LessOrEqual(t, cap(o.Bytes), fewBytes)
	require.LessOrEqual(t, cap(o.Serve)+cap(o.Cancel), 2*fewBlocks)
	out, blocks := l.Take(nil, nil, 2000, 1<<30)
	require.Len(t, out, 100_000)
	require.Len(t, blocks, 2000)
	require.Zero(t, cap(l.serve))
	out, _ = l.Take(out, blocks, 16, 1<<30)
	require.Empty(t, out)
	require.LessOrEqual(t, cap(l.out)+cap(out), fewBytes)

	o = Outbox{Bytes: make([]byte, 100), Serve: serveBlocks(1)}
	o.Reset()
	require.NotZero(t, cap(o.Bytes)*cap(o.Serve), "little is used again")
}
