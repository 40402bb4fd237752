package engine

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/shoal-bt/shoal/engine/internal/simnet"
	"github.com/shoal-bt/shoal/peerwire"
	"github.com/shoal-bt/shoal/swarm"
	"github.com/stretchr/testify/require"
)

// diary is a source that writes down what it is told, and answers as the test says.
type diary struct {
	answer func(ctx context.Context, n int, a swarm.Announcement, found func(swarm.Address)) (swarm.Answer, error)

	mu    sync.Mutex
	start time.Time
	calls []swarm.Announcement
	at    []time.Duration
	busy  int
	most  int
}

func newDiary(answer func(context.Context, int, swarm.Announcement, func(swarm.Address)) (swarm.Answer, error)) *diary {
	return &diary{start: time.Now(), answer: answer}
}

// steady answers each call alike.
func steady(next, least time.Duration) *diary {
	return newDiary(func(context.Context, int, swarm.Announcement, func(swarm.Address)) (swarm.Answer, error) {
		return swarm.Answer{Next: next, Min: least}, nil
	})
}

func (d *diary) Announce(ctx context.Context, a swarm.Announcement, found func(swarm.Address)) (swarm.Answer, error) {
	d.mu.Lock()
	d.calls = append(d.calls, a)
	d.at = append(d.at, time.Since(d.start))
	n := len(d.calls)
	d.busy++
	d.most = max(d.most, d.busy)
	d.mu.Unlock()
	defer func() {
		d.mu.Lock()
		d.busy--
		d.mu.Unlock()
	}()
	return d.answer(ctx, n, a, found)
}

// times returns when it was called, to the second.
func (d *diary) times() (all []int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, t := range d.at {
		all = append(all, int(t.Round(time.Second).Seconds()))
	}
	return all
}

// told returns the events it was told, none as a dash.
func (d *diary) told() (all []string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, c := range d.calls {
		all = append(all, map[bool]string{true: "-", false: c.Event.String()}[c.Event == swarm.None])
	}
	return all
}

func (d *diary) call(n int) swarm.Announcement {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.calls[n]
}

func TestMinIntervalIsKept(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		s, d := newSample(1, 1<<20, 1<<18), steady(30*time.Minute, 5*time.Minute)
		x := r.add(r.engine("10.0.0.1", link, Config{}), s.spec(swarm.NewMemory(s.geometry.Length), d))
		for range 119 {
			x.Announce()
			time.Sleep(10 * time.Second)
		}
		require.Equal(t, []int{0, 300, 600, 900}, d.times())
		require.Equal(t, []string{"started", "-", "-", "-"}, d.told())
		time.Sleep(time.Hour + time.Minute)
		require.Equal(t, []int{0, 300, 600, 900, 1200, 3000, 4800}, d.times(), "and unasked when it is due")
	})
}

func TestAnnouncesSoonerWhenPeersRunOut(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		s, d := newSample(1, 1<<20, 1<<18), steady(30*time.Minute, 2*time.Minute)
		e := r.engine("10.0.0.1", link, Config{})
		events := e.Subscribe(0)
		r.add(e, s.spec(swarm.NewMemory(s.geometry.Length), d))
		time.Sleep(time.Second)
		a := r.dialAs("a", e, s)
		time.Sleep(9 * time.Second)
		a.conn.Close()
		time.Sleep(10 * time.Minute)
		require.Equal(t, []int{0, 120}, d.times())
		require.Equal(t, 2, countEvents[NoPeers](events))
	})
}

func TestStoppedIsToldInTime(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		s := newSample(1, 1<<18, 1<<18)
		seed, e := r.engine("10.0.0.1", link, Config{}), r.engine("10.0.0.2", link, Config{})
		r.seed(seed, s)
		d := newDiary(func(ctx context.Context, _ int, a swarm.Announcement, found func(swarm.Address)) (swarm.Answer, error) {
			found(at(seed))
			if a.Event == swarm.Stopped {
				<-ctx.Done()
			}
			return swarm.Answer{Next: time.Hour}, ctx.Err()
		})
		x := r.add(e, s.spec(swarm.NewMemory(s.geometry.Length), d))
		r.wait(x, time.Minute)
		time.Sleep(time.Second)
		x.Pause()
		time.Sleep(10 * time.Second)
		x.Resume()
		time.Sleep(time.Second)
		begin := time.Now()
		require.NoError(t, x.Close())
		require.LessOrEqual(t, time.Since(begin), stoppedTimeout)
		require.Equal(t, []string{"started", "completed", "stopped", "started", "stopped"}, d.told())
		require.EqualValues(t, s.geometry.Length, d.call(0).Left)
		require.Equal(t, e.Port(), d.call(0).Port)
		for n := 1; n < 5; n++ {
			require.Zero(t, d.call(n).Left)
		}
		require.EqualValues(t, s.geometry.Length, d.call(2).Downloaded)
		require.Zero(t, d.call(3).Downloaded, "the figures are since Started")
		require.Zero(t, d.call(2).Want)
	})
}

func TestFailedAnnouncesAreRepeatedLaterAndLater(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		s := newSample(1, 1<<18, 1<<18)
		d := newDiary(func(_ context.Context, n int, _ swarm.Announcement, _ func(swarm.Address)) (swarm.Answer, error) {
			switch {
			case n < 5:
				return swarm.Answer{}, errors.New("no route")
			case n == 5:
				return swarm.Answer{Next: 10 * time.Second, Min: -1}, errors.New("busy, come again")
			case n == 6:
				return swarm.Answer{Next: 1}, errors.New("busy, come again at once")
			}
			return swarm.Answer{Next: time.Hour}, nil
		})
		e := r.engine("10.0.0.1", link, Config{})
		events := e.Subscribe(0)
		x := r.add(e, s.spec(swarm.NewMemory(s.geometry.Length), d))
		time.Sleep(20 * time.Minute)
		require.Equal(t, []int{0, 15, 45, 105, 225, 235, 236}, d.times())
		require.Equal(t, "started", d.told()[6], "it had not heard before")
		events.Close()
		var counted []int
		for ev := range events.All(t.Context()) {
			if failed, ok := ev.(SourceError); ok {
				counted = append(counted, failed.Errors)
			}
		}
		require.Equal(t, []int{1, 2, 3, 4, 5, 6}, counted)
		st := x.Sources()[0]
		require.Zero(t, st.Errors)
		require.NoError(t, st.Err)
	})
}

// TestAskedAnnouncesDoNotWait has a user ask for an announce while one that failed
// waits to be repeated; nothing else brings that forward.
func TestAskedAnnouncesDoNotWait(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		s := newSample(1, 1<<18, 1<<18)
		d := newDiary(func(_ context.Context, n int, _ swarm.Announcement, _ func(swarm.Address)) (swarm.Answer, error) {
			if n <= 5 {
				return swarm.Answer{}, errors.New("no route")
			}
			time.Sleep(10 * time.Second)
			return swarm.Answer{Next: time.Hour, Min: 2 * time.Minute}, nil
		})
		x := r.add(r.engine("10.0.0.1", link, Config{}), s.spec(swarm.NewMemory(s.geometry.Length), d))
		time.Sleep(230 * time.Second)
		require.Equal(t, []int{0, 15, 45, 105, 225}, d.times(), "the next is due after 240 s")
		x.AddPeers(swarm.Address{AddrPort: netip.MustParseAddrPort("10.9.9.9:1")}) // nobody: peers run out
		time.Sleep(70 * time.Second)
		require.Len(t, d.times(), 5)
		x.Announce()
		time.Sleep(5 * time.Second)
		require.Equal(t, 300, d.times()[5])
		for range 30 { // also while a call is under way
			x.Announce()
			time.Sleep(5 * time.Second)
		}
		require.Equal(t, []int{0, 15, 45, 105, 225, 300, 430}, d.times(), "two minutes after the answer")
		require.Equal(t, []string{"started", "-"}, d.told()[5:])
		require.Equal(t, 1, d.most, "calls at a time")
	})
}

// TestWarningsOfSources has a source warn once. Each answer is an event.
func TestWarningsOfSources(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		s := newSample(1, 1<<18, 1<<18)
		d := newDiary(func(_ context.Context, n int, _ swarm.Announcement, found func(swarm.Address)) (swarm.Answer, error) {
			for range n {
				found(swarm.Address{})
			}
			return swarm.Answer{Next: time.Minute, Warning: map[int]string{2: "the key expires"}[n]}, nil
		})
		e := r.engine("10.0.0.1", link, Config{})
		events := e.Subscribe(0)
		x := r.add(e, s.spec(swarm.NewMemory(s.geometry.Length), d))
		time.Sleep(4*time.Minute - time.Second)
		events.Close()
		var warnings []string
		var peers []int
		for ev := range events.All(t.Context()) {
			switch ev := ev.(type) {
			case Warning:
				warnings = append(warnings, ev.Err.Error())
			case SourceReply:
				require.Equal(t, x.ID(), ev.Torrent)
				peers = append(peers, ev.Peers)
			}
		}
		require.Equal(t, []int{1, 2, 3, 4}, peers)
		require.Equal(t, []string{"source: the key expires"}, warnings)
	})
}

// TestAnnouncesHaveFreshFigures looks at an announce that nothing but time brings.
func TestAnnouncesHaveFreshFigures(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		s, d := newSample(1, 1<<18, 1<<18), steady(time.Minute, 0)
		e := r.engine("10.0.0.1", link, Config{})
		r.seed(e, s, d)
		a := r.dialAs("a", e, s)
		a.send(peerwire.Message{Kind: peerwire.Interested})
		a.expect(peerwire.Unchoke)
		a.send(peerwire.Message{Kind: peerwire.Request, Block: s.geometry.Block(0, 0)})
		a.expect(peerwire.Piece)
		time.Sleep(61 * time.Second)
		require.Equal(t, []string{"started", "-"}, d.told())
		require.EqualValues(t, swarm.BlockLen, d.call(1).Uploaded)
	})
}

// TestSlowAnnounceHoldsNobodyUp is a defect of cratetorrent.
func TestSlowAnnounceHoldsNobodyUp(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		s := newSample(1, 1<<20, 1<<18)
		seed, e := r.engine("10.0.0.1", link, Config{}), r.engine("10.0.0.2", link, Config{Announces: 2})
		r.seed(seed, s)
		var never []swarm.PeerSource
		for range 5 {
			never = append(never, newDiary(func(ctx context.Context, _ int, _ swarm.Announcement, _ func(swarm.Address)) (swarm.Answer, error) {
				<-ctx.Done()
				return swarm.Answer{}, ctx.Err()
			}))
		}
		x := r.add(e, s.spec(swarm.NewMemory(s.geometry.Length), never...))
		x.AddPeers(at(seed))
		r.wait(x, 10*time.Second)
		busy := 0
		for _, st := range x.Sources() {
			if st.Busy {
				busy++
			}
		}
		require.Equal(t, 2, busy, "calls under way")
		begin := time.Now()
		r.close(e)
		require.LessOrEqual(t, time.Since(begin), 3*stoppedTimeout)
	})
}

// TestManyDeadSourcesHoldNobodyUp gives one torrent more sources that never answer than
// calls may be under way.
func TestManyDeadSourcesHoldNobodyUp(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		e := r.engine("10.0.0.1", link, Config{Announces: 16})
		dead := newDiary(func(ctx context.Context, _ int, _ swarm.Announcement, _ func(swarm.Address)) (swarm.Answer, error) {
			<-ctx.Done()
			return swarm.Answer{}, ctx.Err()
		})
		attacked, honest := newSample(1, 1<<20, 1<<18), newSample(2, 1<<20, 1<<18)
		var all []swarm.PeerSource
		for range 200 {
			all = append(all, struct{ swarm.PeerSource }{dead})
		}
		x := r.add(e, attacked.spec(swarm.NewMemory(attacked.geometry.Length), all...))
		time.Sleep(time.Second)
		d := steady(time.Hour, 0)
		r.add(e, honest.spec(swarm.NewMemory(honest.geometry.Length), d))
		time.Sleep(time.Second)
		require.Len(t, d.told(), 1)
		require.Len(t, dead.told(), 14, "the last two are for others")
		time.Sleep(20 * time.Minute)
		require.Greater(t, len(dead.told()), 200, "all of them are called")
		require.NoError(t, x.Close())
	})
}

func TestSourcesComeAndGo(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		s := newSample(1, 1<<20, 1<<18)
		e := r.engine("10.0.0.1", link, Config{})
		first, second := steady(time.Hour, 0), steady(time.Hour, 0)
		spec := s.spec(swarm.NewMemory(s.geometry.Length), first)
		spec.Swarms = append(spec.Swarms, swarm.ID{9})
		x := r.add(e, spec)
		time.Sleep(time.Second)
		require.ElementsMatch(t, []swarm.ID{{1}, {9}}, []swarm.ID{first.call(0).Swarm, first.call(1).Swarm}, "a hybrid is announced in both swarms")
		x.AddSource(second)
		time.Sleep(time.Second)
		require.Equal(t, []string{"started", "started"}, second.told())
		x.RemoveSource(first)
		time.Sleep(time.Second)
		require.Equal(t, []string{"started", "started", "stopped", "stopped"}, first.told())
		require.Len(t, x.Sources(), 2)
		x.RemoveSource(swarm.List{}) // which cannot be compared
		x.Pause()
		x.AddSource(first)
		time.Sleep(time.Second)
		require.Equal(t, 4, len(first.told()), "nothing is announced while paused")
		x.Resume()
		time.Sleep(time.Second)
		require.Equal(t, 6, len(first.told()))
	})
}

// TestAddressesAreBounded has a source with thousands of useless addresses.
func TestAddressesAreBounded(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		s := newSample(1, 1<<20, 1<<18)
		d := newDiary(func(_ context.Context, n int, _ swarm.Announcement, found func(swarm.Address)) (swarm.Answer, error) {
			for i := range 1_100 {
				found(swarm.Address{AddrPort: netip.MustParseAddrPort(fmt.Sprintf("10.%d.%d.%d:1", n, i>>8, i&255))})
			}
			return swarm.Answer{Next: time.Minute}, nil
		})
		e := r.engine("10.0.0.1", link, Config{HalfOpen: 10})
		x := r.add(e, s.spec(swarm.NewMemory(s.geometry.Length), d))
		time.Sleep(6 * time.Minute)
		require.LessOrEqual(t, x.Stats().Known, maxKnown)
		require.LessOrEqual(t, x.Stats().Dialing, 80)
	})
}

// TestBothDial has two engines know of each other: one connection remains.
func TestBothDial(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		s := newSample(1, 1<<20, 1<<18)
		a, b := r.engine("10.0.0.1", link, Config{}), r.engine("10.0.0.2", link, Config{})
		x := r.add(a, s.spec(swarm.NewMemory(s.geometry.Length), list(at(b), at(a))))
		y := r.add(b, s.spec(swarm.NewMemory(s.geometry.Length), list(at(a), at(b))))
		time.Sleep(10 * time.Minute)
		require.Len(t, x.Peers(), 1)
		require.Len(t, y.Peers(), 1)
		require.NotEqual(t, x.Peers()[0].Outgoing, y.Peers()[0].Outgoing)
		require.Equal(t, 1, a.sockets.Open())
	})
}

func TestCloseDoesNotWaitForDialsOfOthers(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		s, other := newSample(1, 1<<20, 1<<18), newSample(2, 1<<20, 1<<18)
		dead := r.network.Host("10.5.0.1", simnet.Link{})
		l, err := dead.Listen(1)
		require.NoError(t, err)
		defer l.Close()
		dead.Vanish()
		e := r.engine("10.0.0.1", link, Config{HalfOpen: 1})
		x := r.add(e, s.spec(swarm.NewMemory(s.geometry.Length), list(swarm.Address{AddrPort: netip.MustParseAddrPort("10.5.0.1:1")})))
		time.Sleep(time.Second)
		y := r.add(e, other.spec(swarm.NewMemory(s.geometry.Length), list(swarm.Address{AddrPort: netip.MustParseAddrPort("10.5.0.1:1")})))
		time.Sleep(time.Second)
		begin := time.Now()
		require.NoError(t, y.Close())
		require.Less(t, time.Since(begin), time.Second)
		require.NoError(t, x.Close())
		require.Less(t, time.Since(begin), time.Second, "its own dial is broken off")
	})
}
