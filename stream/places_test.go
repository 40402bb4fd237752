package stream

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// A claim is a request for a place, in a test.
type claim struct {
	place   *place
	err     error
	took    time.Duration
	stopped atomic.Bool
	done    chan struct{}
}

// claimPlace asks for a place in a goroutine.
func claimPlace(ctx context.Context, p *places, addr string) *claim {
	c := &claim{done: make(chan struct{})}
	go func() {
		defer close(c.done)
		since := time.Now()
		c.place, c.err = p.acquire(ctx, addr, func() { c.stopped.Store(true) })
		c.took = time.Since(since)
	}()
	synctest.Wait()
	return c
}

const here = "127.0.0.1:1"

// TestPlacesOfBusyClients checks that clients that take their bytes keep their places.
func TestPlacesOfBusyClients(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &places{most: 2}
		a, b := claimPlace(t.Context(), p, here), claimPlace(t.Context(), p, here)
		require.NoError(t, a.err)
		require.NoError(t, b.err)
		c := claimPlace(t.Context(), p, here)
		<-c.done
		require.ErrorIs(t, c.err, errNoPlace)
		require.Equal(t, maxWait, c.took)
		c, d := claimPlace(t.Context(), p, here), claimPlace(t.Context(), p, here)
		p.release(a.place)
		p.release(a.place)
		synctest.Wait()
		<-c.done
		require.NoError(t, c.err, "who waits longest is next")
		p.release(c.place)
		<-d.done
		require.NoError(t, d.err)
		require.False(t, a.stopped.Load() || b.stopped.Load() || c.stopped.Load())
		p.release(b.place)
		p.release(d.place)
		require.Empty(t, p.taken)
		require.Empty(t, p.queue)
	})
}

// TestPlaceOfGone checks that a client that is gone does not wait any more.
func TestPlaceOfGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &places{most: 1}
		a := claimPlace(t.Context(), p, here)
		ctx, cancel := context.WithCancel(t.Context())
		b := claimPlace(ctx, p, here)
		cancel()
		<-b.done
		require.ErrorIs(t, b.err, context.Canceled)
		require.Empty(t, p.queue)
		p.release(a.place)
		require.NoError(t, claimPlace(t.Context(), p, here).err)
	})
}

// TestQueueOfPlaces checks that not all the world waits.
func TestQueueOfPlaces(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &places{most: 3}
		for range 6 {
			claimPlace(t.Context(), p, here)
		}
		last := claimPlace(t.Context(), p, here)
		<-last.done
		require.ErrorIs(t, last.err, errNoPlace)
		require.Zero(t, last.took)
		time.Sleep(time.Minute)
	})
}

// TestPlaceOfSlow checks which clients make room for another, and when.
func TestPlaceOfSlow(t *testing.T) {
	for _, test := range []struct {
		name  string
		use   func(p *place) // the place, which nobody else has
		after time.Duration  // until another gets it; maxWait for never
	}{
		{"does nothing yet", func(*place) {}, maxWait},
		{"just began to write", func(p *place) { p.startWrite() }, longWrite},
		{"takes nothing", func(p *place) { p.startWrite(); time.Sleep(longWrite) }, 0},
		{"took everything", func(p *place) { p.startWrite(); time.Sleep(longWrite); p.endWrite(1 << 30) }, maxWait},
		{"drips", func(p *place) { write(p, 20, time.Second, 10<<10) }, 0},
		{"dripped", func(p *place) { write(p, 10, time.Second, 10<<10); write(p, 10, time.Second, 1<<20) }, maxWait},
		{"plays a video", func(p *place) { write(p, 20, time.Second, 100<<10) }, maxWait},
		{"begins to wait for its first bytes", func(p *place) { p.startRead() }, longFirstRead},
		{"waits for its first bytes", func(p *place) { p.startRead(); time.Sleep(longFirstRead) }, 0},
		{"waits for bytes", func(p *place) { write(p, 1, 0, 1000); p.startRead(); time.Sleep(longRead) }, 0},
		{"has waited a moment for bytes", func(p *place) { write(p, 1, 0, 1000); p.startRead(); time.Sleep(time.Second) }, longRead - time.Second},
		{"waited for bytes", func(p *place) { p.startRead(); time.Sleep(longRead); p.endRead() }, maxWait},
		{"waits for peers mostly", func(p *place) {
			for range 20 {
				p.startRead()
				time.Sleep(time.Second)
				p.endRead()
				write(p, 1, 0, 1000)
			}
		}, maxWait},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := &places{most: 1}
				a := claimPlace(t.Context(), p, here)
				test.use(a.place)
				b := claimPlace(t.Context(), p, here)
				<-b.done
				require.Equal(t, test.after, b.took)
				require.Equal(t, test.after < maxWait, a.stopped.Load())
				require.Equal(t, test.after < maxWait, b.err == nil)
				p.release(a.place)
				if b.err == nil {
					require.Len(t, p.taken, 1, "who was stopped has no place to give back")
				}
			})
		})
	}
}

// write has a client take some writes of a size, each in some time.
func write(p *place, times int, each time.Duration, size int) {
	for range times {
		p.startWrite()
		time.Sleep(each)
		p.endWrite(size)
	}
}

// TestPlacesOfAddresses checks that one address does not shut out another.
func TestPlacesOfAddresses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &places{most: 3}
		greedy := []*claim{
			claimPlace(t.Context(), p, "192.0.2.1:1"),
			claimPlace(t.Context(), p, "[::ffff:192.0.2.1]:2"),
			claimPlace(t.Context(), p, "192.0.2.1:3"),
		}
		other := claimPlace(t.Context(), p, "192.0.2.2:1")
		require.Zero(t, other.took)
		require.NoError(t, other.err)
		require.True(t, greedy[0].stopped.Load(), "the oldest")
		second := claimPlace(t.Context(), p, "192.0.2.2:2")
		<-second.done
		require.ErrorIs(t, second.err, errNoPlace, "two and one are fair")
		third := claimPlace(t.Context(), p, "[2001:db8::1]:1")
		require.NoError(t, third.err)
		require.True(t, greedy[1].stopped.Load())
		last := claimPlace(t.Context(), p, "[2001:db8::2]:1")
		<-last.done
		require.ErrorIs(t, last.err, errNoPlace, "the same /64")
	})
}

// TestQueueOfAddresses fills the places and the queue from one address, with clients that take their
// bytes.
func TestQueueOfAddresses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &places{most: 3}
		var greedy []*claim
		for range 6 {
			greedy = append(greedy, claimPlace(t.Context(), p, here))
		}
		other := claimPlace(t.Context(), p, "192.0.2.2:1")
		require.NoError(t, other.err)
		require.Zero(t, other.took)
		require.True(t, greedy[0].stopped.Load())
		<-greedy[5].done
		require.ErrorIs(t, greedy[5].err, errNoPlace, "the newest that waited")
		require.Zero(t, greedy[5].took)
		second := claimPlace(t.Context(), p, "192.0.2.2:2")
		third := claimPlace(t.Context(), p, "192.0.2.3:1")
		require.NoError(t, third.err, "those before it in the queue have no right to a place")
		require.Nil(t, second.place)
		p.release(greedy[1].place)
		p.release(greedy[2].place)
		<-greedy[3].done
		require.NoError(t, greedy[3].err)
		time.Sleep(time.Minute)
	})
}

// TestPlacesOfWaiting checks that clients of bytes that nobody has do not keep out one whose bytes
// are there, though they come back at once, and that they do not cut off those of another address.
func TestPlacesOfWaiting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &places{most: 4}
		other := claimPlace(t.Context(), p, "192.0.2.2:1")
		other.place.startRead()
		time.Sleep(time.Second)
		for range 20 {
			for range 3 {
				c := claimPlace(t.Context(), p, here)
				require.NoError(t, c.err)
				require.Zero(t, c.took)
				c.place.startRead()
			}
			time.Sleep(longFirstRead)
			honest := claimPlace(t.Context(), p, here)
			require.NoError(t, honest.err)
			require.Zero(t, honest.took)
			honest.place.startWrite()
			require.Len(t, p.taken, 4)
			p.release(honest.place)
			require.False(t, other.stopped.Load())
		}
	})
}

// TestAheadIsShared checks what readers may have ahead together.
func TestAheadIsShared(t *testing.T) {
	b := &budget{total: 256 << 20}
	readers := make([]*fakeReader, 8)
	members := make([]*member, 8)
	check := func(want ...int64) {
		t.Helper()
		for i, ahead := range want {
			require.Equal(t, ahead, readers[i].ahead, i)
		}
	}
	for i := range readers {
		readers[i] = &fakeReader{ahead: 99}
	}
	members[0] = b.add(readers[0], 1<<40)
	check(0)
	members[1] = b.add(readers[1], 1000)
	check(0, 1000)
	for i := 2; i < 8; i++ {
		members[i] = b.add(readers[i], 1<<40)
	}
	check(32<<20, 1000, 32<<20, 32<<20)
	for i := 2; i < 8; i++ {
		b.remove(members[i])
	}
	check(0, 1000)
	none := &budget{total: -1}
	none.add(readers[0], 1<<40)
	check(-1)
	small := &budget{total: 1}
	small.add(readers[0], 1<<40)
	small.add(readers[1], 0)
	check(-1, -1)
}
