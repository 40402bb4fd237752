package engine

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/shoal-bt/shoal/engine/internal/disk"
	"github.com/shoal-bt/shoal/engine/internal/simnet"
	"github.com/shoal-bt/shoal/protocol"
	"github.com/shoal-bt/shoal/swarm/storagetest"
	"github.com/stretchr/testify/require"
)

// Of many torrents that are to be checked a few are at a time, and the others wait;
// they can be closed meanwhile.
func TestFewTorrentsAreCheckedAtOnce(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		e := r.engine("10.0.0.1", simnet.Link{}, Config{Verifiers: 1})
		var all []*Torrent
		var disks []*storagetest.Faulty
		var release []func()
		for i := range 3 * disk.MaxChecks {
			s := newSample(byte(i+1), 1<<20, 1<<18)
			d := storagetest.NewFaulty(s.filled())
			release = append(release, d.Block(storagetest.Read))
			spec := s.spec(d)
			spec.Check = s.all()
			disks, all = append(disks, d), append(all, r.add(e, spec))
		}
		synctest.Wait()
		busy := func() (n int) {
			for _, d := range disks {
				n += d.Blocked()
			}
			return n
		}
		require.Equal(t, disk.MaxChecks, busy())
		for i, x := range all {
			if disks[i].Blocked() == 0 && i%2 == 0 {
				require.NoError(t, x.Close(), "one that waits")
			}
		}
		require.Equal(t, disk.MaxChecks, busy())
		for _, f := range release {
			f()
		}
		for _, x := range all {
			if x.Stats().Phase != PhaseClosed {
				r.wait(x, time.Minute)
			}
		}
	})
}

// A second Recheck fails while the first one is under way. A call whose context ends
// leaves its check to go on.
func TestRecheckWhileAnotherIsUnderWay(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		e := r.engine("10.0.0.1", simnet.Link{}, Config{})
		s := newSample(1, 1<<20, 1<<18)
		d := storagetest.NewFaulty(s.filled())
		x := r.add(e, s.spec(d))
		release := d.Block(storagetest.Read)
		ctx, cancel := context.WithCancel(t.Context())
		first := make(chan error, 1)
		go func() { first <- x.Recheck(ctx) }()
		synctest.Wait()
		err := x.Recheck(t.Context())
		require.ErrorIs(t, err, ErrBusy)
		require.EqualError(t, err, "engine: a check of the torrent is under way")
		cancel()
		require.ErrorIs(t, <-first, context.Canceled)
		release()
		r.wait(x, time.Minute)
		x.query(func(time.Time, *protocol.State) { require.Empty(t, x.answers, "nobody waits any more") })
	})
}
