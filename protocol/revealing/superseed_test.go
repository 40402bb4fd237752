package revealing_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/shoal-bt/shoal/protocol/revealing"
	"github.com/shoal-bt/shoal/protocol/revealing/revealtest"
	"github.com/shoal-bt/shoal/swarm"
	"github.com/stretchr/testify/require"
)

func newSuperSeed(pieces int) revealing.Revealer { return revealing.NewSuperSeed(pieces, 1) }

func TestSuperSeed(t *testing.T) { revealtest.Run(t, newSuperSeed) }

func FuzzSuperSeed(f *testing.F) {
	f.Add([]byte("0123456789abcdefghijklmnopqrstuvwxyz"))
	f.Fuzz(func(t *testing.T, data []byte) {
		revealtest.Replay(t, newSuperSeed, data[:min(len(data), 400)])
	})
}

// A seed shows two peers a piece each. The first gets its next piece when the second has
// the piece that was shown to the first.
func Example() {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	nothing := swarm.NewBitfield(4)
	r := revealing.NewSuperSeed(4, 1)
	first := r.Reveal(nil, now, 1, nothing)
	second := r.Reveal(nil, now, 2, nothing)
	fmt.Println("one each, not the same:", len(first), len(second), first[0] != second[0])
	r.Seen(now, 1, first[0])
	fmt.Println("nobody else has it:", r.Reveal(nil, now, 1, nothing))
	r.Seen(now, 2, first[0])
	fmt.Println("the other one has it too:", len(r.Reveal(nil, now, 1, nothing)))
	// Output:
	// one each, not the same: 1 1 true
	// nobody else has it: []
	// the other one has it too: 1
}

// shows asks for at most one piece; -1 is none.
func shows(t *testing.T, r revealing.Revealer, now time.Time, p swarm.Peer, n int) int {
	t.Helper()
	all := r.Reveal(nil, now, p, swarm.NewBitfield(n))
	require.LessOrEqual(t, len(all), 1, "one piece at a time")
	if len(all) == 0 {
		return -1
	}
	return all[0]
}

// TestEachPieceIsShownOnceFirst: no two peers are shown the same piece before all were
// shown, and then they wait for those that are under way.
func TestEachPieceIsShownOnceFirst(t *testing.T) {
	now := time.Unix(1e9, 0)
	r := newSuperSeed(5)
	seen := make(map[int]bool)
	for p := range swarm.Peer(5) {
		seen[shows(t, r, now, p, 5)] = true
	}
	require.Len(t, seen, 5)
	require.Equal(t, -1, shows(t, r, now, 9, 5), "all of them are under way")
	require.Equal(t, -1, shows(t, r, now.Add(59*time.Second), 9, 5))
	require.NotEqual(t, -1, shows(t, r, now.Add(61*time.Second), 9, 5), "nobody got them")
}

// TestAPieceOfAPeerThatLeftIsShownToAnother: what it was shown is lost with it.
func TestAPieceOfAPeerThatLeftIsShownToAnother(t *testing.T) {
	now := time.Unix(1e9, 0)
	r := newSuperSeed(1)
	require.Equal(t, 0, shows(t, r, now, 1, 1))
	require.Equal(t, -1, shows(t, r, now, 2, 1))
	r.Leave(1)
	require.Equal(t, 0, shows(t, r, now.Add(time.Second), 2, 1))
	r.Seen(now, 2, 0)
	r.Leave(2)
	require.Equal(t, 0, shows(t, r, now.Add(2*time.Second), 3, 1), "nobody has it any more")
}

// TestWhoPassesNothingOnWaits: 30 s for the first piece, and 5 s for later ones until
// another peer shows what it was shown.
func TestWhoPassesNothingOnWaits(t *testing.T) {
	now := time.Unix(1e9, 0)
	r := newSuperSeed(9)
	require.NotEqual(t, -1, shows(t, r, now, 2, 9))
	next := func(after time.Duration) int {
		now = now.Add(after)
		return shows(t, r, now, 1, 9)
	}
	first := next(0)
	r.Seen(now, 1, first)
	require.Equal(t, -1, next(29*time.Second))
	second := next(2 * time.Second)
	require.NotEqual(t, -1, second)
	r.Seen(now, 1, second)
	require.Equal(t, -1, next(4*time.Second))
	third := next(2 * time.Second)
	require.NotEqual(t, -1, third)
	r.Seen(now, 1, third)
	r.Seen(now, 2, third)
	fourth := next(0)
	require.NotEqual(t, -1, fourth)
	r.Seen(now, 1, fourth)
	require.Equal(t, -1, next(6*time.Second), "it does share: the long time again")
}

// TestTheSwarmIsServedInOrderOfRarity: when every piece is out, the rarest come first.
func TestTheSwarmIsServedInOrderOfRarity(t *testing.T) {
	now := time.Unix(1e9, 0)
	r := newSuperSeed(4)
	for i, peers := range []int{3, 1, 4, 2} {
		for p := range peers {
			r.Seen(now, swarm.Peer(p), i)
		}
	}
	var order []int
	for range 4 {
		i := shows(t, r, now, 9, 4)
		order = append(order, i)
		r.Seen(now, 9, i)
	}
	require.Equal(t, []int{1, 3, 0, 2}, order)
}
