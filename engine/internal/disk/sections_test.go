package disk

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/shoal-bt/shoal/protocol"
	"github.com/shoal-bt/shoal/swarm"
	"github.com/shoal-bt/shoal/swarm/storagetest"
	"github.com/stretchr/testify/require"
)

// Sections that were hashed side by side come back at once, before they are written, so
// that the next ones can be hashed side by side too.
func TestSectionsComeBackBeforeTheyAreWritten(t *testing.T) {
	inBubble(t, 1, func(t *testing.T, v *Verifiers) {
		d := storagetest.NewFaulty(swarm.NewMemory(40 * pieceLen))
		d.Delay(time.Minute)
		s, _ := newStore(d, 2)
		x := new(torrent)
		for n := range 2 {
			c := piece(n, true)
			c.Section, c.Blocks = true, c.Blocks[:2]
			v.Check(x, s, c)
		}
		synctest.Wait()
		want := protocol.SectionsHashed{Sections: []protocol.HashedSection{
			{Piece: 0, Serial: 100, To: 2},
			{Piece: 1, Serial: 101, To: 2},
		}}
		require.Equal(t, []protocol.Input{want}, x.now())
		require.Len(t, x.posted(), 2, "they are written")
	})
}

// A section that could not be hashed is not said to be.
func TestSectionThatCannotBeHashed(t *testing.T) {
	inBubble(t, 1, func(t *testing.T, v *Verifiers) {
		s, _ := newStore(swarm.NewMemory(40*pieceLen), 2)
		s.Verify = func(batch []swarm.Verdict) { batch[0].Err = errors.New("no state") }
		x := new(torrent)
		c := piece(1, false)
		c.Section, c.Blocks = true, c.Blocks[:2]
		v.Check(x, s, c)
		got := x.posted()
		require.Len(t, got, 1)
		require.Error(t, got[0].(protocol.SectionDone).Err)
	})
}
