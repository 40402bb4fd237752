package budget

import (
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/shoal-bt/shoal/swarm"
	"github.com/stretchr/testify/require"
)

// TestManyTorrentsLeaveNothingInUse runs torrents that reserve, drop and reclaim at the
// same time, in less memory than they want. Each must go on until it has received all
// its blocks: who waits must be refilled, or the test never ends.
func TestManyTorrentsLeaveNothingInUse(t *testing.T) {
	const torrents = 12
	b := New(40 * swarm.BlockLen)
	quotas := make([]*Quota, torrents)
	var group sync.WaitGroup
	var most atomic.Int64
	for i := range torrents {
		d := newDownload(b, uint64(i))
		quotas[i] = d.quota
		group.Go(func() {
			for d.missing > 0 {
				d.step()
				raise(&most, int64(b.InUse()))
			}
			d.spill()
		})
	}
	group.Wait()
	require.LessOrEqual(t, most.Load(), int64(b.Units()))
	require.Zero(t, b.InUse())
	for i, q := range quotas {
		require.Zero(t, q.Held(), "torrent %d", i)
		q.Close()
	}
	require.Empty(t, b.holders)
	require.Empty(t, b.waiting)
	require.LessOrEqual(t, len(b.buffers), b.Units(), "there are never more buffers than units")
}

// raise sets v to n unless it is greater.
func raise(v *atomic.Int64, n int64) {
	for {
		old := v.Load()
		if old >= n || v.CompareAndSwap(old, n) {
			return
		}
	}
}

// A download is a torrent that keeps blocks in memory for a while.
type download struct {
	budget   *Budget
	quota    *Quota
	rand     *rand.Rand
	missing  int // blocks
	bufs     [][]byte
	refilled chan struct{}
	reclaim  atomic.Bool
}

func newDownload(b *Budget, seed uint64) *download {
	d := &download{
		budget:   b,
		rand:     rand.New(rand.NewPCG(seed, 1)),
		missing:  1000,
		refilled: make(chan struct{}, 1),
	}
	d.quota = b.Open(d.refill, func() { d.reclaim.Store(true) })
	return d
}

func (d *download) refill() {
	select {
	case d.refilled <- struct{}{}:
	default: // it was not noticed yet
	}
}

// step requests some blocks, of which not all come, and writes those that it has now
// and then, or when others need memory.
func (d *download) step() {
	if d.reclaim.Swap(false) {
		d.quota.Reclaimed(len(d.bufs) > 0)
		d.spill()
	}
	n := d.quota.Reserve(1 + d.rand.IntN(8))
	if n == 0 {
		d.spill()
		<-d.refilled
		return
	}
	rejected := d.rand.IntN(n + 1)
	d.quota.Release(rejected)
	for range n - rejected {
		d.bufs = append(d.bufs, d.budget.Buffer())
	}
	d.missing -= n - rejected
	switch d.rand.IntN(4) {
	case 0:
		d.spill()
	case 1:
		d.repeat()
	}
}

// repeat has a block come twice: the second buffer is not needed, its unit is.
func (d *download) repeat() {
	if len(d.bufs) == 0 {
		return
	}
	last := len(d.bufs) - 1
	d.quota.Keep(d.bufs[last])
	d.bufs[last] = d.budget.Buffer()
}

// spill writes all blocks that are in memory.
func (d *download) spill() {
	d.quota.Drop(d.bufs)
	d.bufs = d.bufs[:0]
}
