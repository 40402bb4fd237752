package engine

import (
	"reflect"
	"runtime"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
	"weak"

	"github.com/shoal-bt/shoal/protocol"
	"github.com/shoal-bt/shoal/swarm"
	"github.com/shoal-bt/shoal/swarm/pickertest"
	"github.com/stretchr/testify/require"
)

// restful counts how often it was told to rest.
type restful struct {
	*swarm.Memory
	rests atomic.Int64
}

func (r *restful) Idle() { r.rests.Add(1) }

// alone reports whether a torrent has let go of what is for peers: before this query
// its mailbox had no memory, or the batch would have more room than for one item.
func alone(t *Torrent) (alone bool) {
	t.query(func(time.Time, *protocol.State) {
		batch := reflect.ValueOf(&t.mailbox).Elem().FieldByName("items").Elem().FieldByName("batch")
		alone = batch.Cap() == 1 && t.conns == nil && t.answers == nil
	})
	return alone
}

func TestStorageRestsWhileNobodyUsesIt(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		s := newSample(1, 1<<20, 1<<17)
		seed, leech := r.engine("10.0.0.1", link, Config{}), r.engine("10.0.0.2", link, Config{})
		disk := &restful{Memory: s.filled()}
		spec := s.spec(disk)
		spec.Have = s.all()
		x := r.add(seed, spec)
		synctest.Wait()
		require.Equal(t, int64(1), disk.rests.Load(), "at once: it was never used")
		time.Sleep(time.Hour + time.Millisecond) // statistics come each second
		require.Equal(t, int64(1), disk.rests.Load())
		require.True(t, alone(x), "what is for peers is there with them")

		m := &restful{Memory: swarm.NewMemory(s.geometry.Length)}
		spec = s.spec(m, list(at(seed)))
		var picker weak.Pointer[pickertest.Lowest] // the newest
		spec.NewPicker = func() swarm.Picker {
			p := pickertest.NewLowest(s.geometry)
			picker = weak.Make(p)
			return p
		}
		y := r.add(leech, spec)
		r.wait(y, time.Minute)
		s.has(t, m)
		require.Zero(t, m.rests.Load(), "peers may come back")
		time.Sleep(idleDelay + time.Second)
		require.Equal(t, int64(2), disk.rests.Load())
		require.Equal(t, int64(1), m.rests.Load())
		require.True(t, alone(x))
		require.True(t, alone(y))
		require.NotZero(t, picker)
		runtime.GC()
		require.Nil(t, picker.Value(), "a complete torrent has no picker")

		p := make([]byte, 10)
		for range 5 {
			time.Sleep(idleDelay - time.Second)
			_, err := x.ReadAt(p, 0)
			require.NoError(t, err)
		}
		require.Equal(t, int64(2), disk.rests.Load(), "a user reads it")
		time.Sleep(idleDelay + time.Second)
		require.Equal(t, int64(3), disk.rests.Load())
		x.Pause()
		time.Sleep(time.Hour)
		require.Equal(t, int64(3), disk.rests.Load())
	})
}
