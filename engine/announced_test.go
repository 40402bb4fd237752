package engine

import (
	"context"
	"errors"
	"net/netip"
	"testing"
	"time"

	"github.com/shoal-bt/shoal/swarm"
	"github.com/stretchr/testify/require"
)

// A torrent goes on with what a fetch of its metadata announced: no source hears Started again,
// and none is called before its time, not even if a user asks.
func TestAnnouncedBefore(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		s, d, failed, fresh := newSample(1, 1<<18, 1<<18), steady(time.Hour, 30*time.Minute), steady(time.Hour, 30*time.Minute), steady(time.Hour, 30*time.Minute)
		spec := s.spec(swarm.NewMemory(s.geometry.Length), d, failed, fresh)
		now := time.Now()
		spec.Announced = []SourceStats{
			{Source: d, Swarm: s.id, Registered: true, Last: now, Next: now.Add(50 * time.Minute), Earliest: now.Add(20 * time.Minute)},
			{Source: failed, Swarm: s.id, Err: errors.New("trouble"), Errors: 3, Last: now, Next: now.Add(2 * time.Minute), Earliest: now.Add(time.Minute)},
			{Source: fresh, Swarm: swarm.ID{9}, Registered: true},
		}
		x := r.add(r.engine("10.0.0.1", link, Config{}), spec)
		require.Equal(t, now.Add(50*time.Minute), x.Sources()[0].Next)
		require.Equal(t, 3, x.Sources()[1].Errors)
		time.Sleep(5 * time.Minute)
		x.Announce()
		time.Sleep(time.Hour)
		require.Equal(t, []int{20 * 60}, d.times(), "as soon as it allows")
		require.Equal(t, []string{"-"}, d.told())
		require.Equal(t, 2*60, failed.times()[0])
		require.Equal(t, "started", failed.told()[0])
		require.Equal(t, 0, fresh.times()[0], "it was called for another swarm")
		require.NoError(t, x.Close())
		require.Equal(t, []string{"-", "stopped"}, d.told())
	})
}

// A torrent that begins with a pause says that it stopped, if a fetch said that it started.
func TestAnnouncedBeforeAPause(t *testing.T) {
	for _, check := range []bool{false, true} {
		inBubble(t, func(t *testing.T, r *rig) {
			s, d, failed := newSample(1, 1<<18, 1<<18), steady(time.Hour, 30*time.Minute), steady(time.Hour, 30*time.Minute)
			spec := s.spec(swarm.NewMemory(s.geometry.Length), d, failed)
			if check {
				spec.Check = s.all()
			}
			spec.Paused = true
			now := time.Now()
			spec.Announced = []SourceStats{
				{Source: d, Swarm: s.id, Registered: true, Last: now, Next: now.Add(time.Hour)},
				{Source: failed, Swarm: s.id, Err: errors.New("trouble"), Errors: 1, Last: now, Next: now.Add(time.Minute)},
			}
			x := r.add(r.engine("10.0.0.1", link, Config{}), spec)
			time.Sleep(10 * time.Second)
			require.Equal(t, []string{"stopped"}, d.told())
			x.Resume()
			time.Sleep(10 * time.Second)
			require.Equal(t, []string{"stopped", "started"}, d.told())
			require.Empty(t, failed.told())
			time.Sleep(time.Minute)
			require.Equal(t, []int{60}, failed.times())
		})
	}
}

// A torrent that is closed before its pieces are checked says that it stopped as well.
func TestAnnouncedBeforeACheck(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		s, d := newSample(1, 1<<18, 1<<18), steady(time.Hour, 30*time.Minute)
		spec := s.spec(slowStorage{swarm.NewMemory(s.geometry.Length)}, d)
		spec.Check = s.all()
		spec.Announced = []SourceStats{{Source: d, Swarm: s.id, Registered: true, Next: time.Now().Add(time.Hour)}}
		x := r.add(r.engine("10.0.0.1", link, Config{}), spec)
		time.Sleep(time.Second)
		require.Equal(t, PhaseChecking, x.Stats().Phase)
		require.NoError(t, x.Close())
		require.Equal(t, []string{"stopped"}, d.told())
	})
}

// A private torrent that goes on with the peers of one tracker leaves them when another tracker
// answers.
func TestAnnouncedByAnotherTracker(t *testing.T) {
	for _, private := range []bool{true, false} {
		inBubble(t, func(t *testing.T, r *rig) {
			s := newSample(1, 1<<18, 1<<18)
			d := newDiary(func(context.Context, int, swarm.Announcement, func(swarm.Address)) (swarm.Answer, error) {
				return swarm.Answer{Next: time.Hour, Tracker: "b"}, nil
			})
			spec := s.spec(swarm.NewMemory(s.geometry.Length), d)
			spec.Private = private
			spec.Announced = []SourceStats{{Swarm: swarm.ID{9}}, {
				Source:     d,
				Swarm:      s.id,
				Registered: true,
				Answer:     swarm.Answer{Tracker: "a"},
				Next:       time.Now().Add(time.Minute),
				Earliest:   time.Now().Add(time.Minute),
			}}
			e := r.engine("10.0.0.1", link, Config{})
			x := r.add(e, spec)
			x.AddFound(Found{Addrs: []swarm.Address{{AddrPort: netip.MustParseAddrPort("10.0.0.3:1")}}, FromSource: true})
			x.AddPeers(swarm.Address{AddrPort: netip.MustParseAddrPort("10.0.0.4:1")})
			r.dialAs("a", e, s)
			time.Sleep(50 * time.Second)
			require.Len(t, x.Peers(), 1)
			require.Equal(t, 2, x.Stats().Known)
			time.Sleep(20 * time.Second)
			require.Equal(t, private, len(x.Peers()) == 0)
			require.Equal(t, private, x.Stats().Known == 1)
		})
	}
}

// A slowStorage takes a minute to read.
type slowStorage struct{ *swarm.Memory }

func (s slowStorage) ReadAt(p []byte, off int64) (int, error) {
	time.Sleep(time.Minute)
	return s.Memory.ReadAt(p, off)
}

// A late is the Call of a source that was called before.
type late struct {
	after time.Duration
	peer  swarm.Address
	err   error
	ended bool // by its context
}

func (l *late) Announce(ctx context.Context, _ swarm.Announcement, found func(swarm.Address)) (swarm.Answer, error) {
	select {
	case <-time.After(l.after):
	case <-ctx.Done():
		l.ended = true
		return swarm.Answer{}, ctx.Err()
	}
	if l.err == nil {
		found(l.peer)
	}
	return swarm.Answer{Next: time.Hour, Min: time.Hour}, l.err
}

func (l *late) End() {}

// What a call brings that was under way is used, and the source hears Started once.
func TestCallUnderWay(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		s, d := newSample(1, 1<<18, 1<<18), steady(time.Hour, 30*time.Minute)
		seed := r.engine("10.0.0.1", link, Config{})
		r.seed(seed, s)
		call := &late{after: 10 * time.Second, peer: at(seed)}
		spec := s.spec(swarm.NewMemory(s.geometry.Length), d)
		spec.Announced = []SourceStats{{Source: d, Swarm: s.id, Call: call}}
		x := r.add(r.engine("10.0.0.2", link, Config{}), spec)
		time.Sleep(5 * time.Second)
		require.True(t, x.Sources()[0].Busy)
		require.Empty(t, d.told())
		r.wait(x, time.Minute)
		time.Sleep(time.Second)
		require.Equal(t, []string{"completed"}, d.told())
	})
	inBubble(t, func(t *testing.T, r *rig) {
		s, d := newSample(1, 1<<18, 1<<18), steady(time.Hour, 30*time.Minute)
		call := &late{after: 10 * time.Second, err: errors.New("trouble")}
		spec := s.spec(swarm.NewMemory(s.geometry.Length), d)
		spec.Announced = []SourceStats{{Source: d, Swarm: s.id, Call: call}}
		x := r.add(r.engine("10.0.0.2", link, Config{}), spec)
		time.Sleep(50 * time.Minute)
		require.Empty(t, d.told())
		time.Sleep(11 * time.Minute)
		require.Equal(t, []string{"started"}, d.told(), "the call failed")
		require.Equal(t, []int{3610}, d.times())
		require.NoError(t, x.Close())
	})
	for _, end := range []func(*Torrent){
		(*Torrent).Pause,
		func(x *Torrent) { x.Close() },
		func(x *Torrent) { time.Sleep(time.Second); x.Pause() },
		func(x *Torrent) { time.Sleep(time.Second); x.Close() },
	} {
		inBubble(t, func(t *testing.T, r *rig) {
			s, d := newSample(1, 1<<18, 1<<18), steady(time.Hour, 30*time.Minute)
			call := &late{after: time.Hour}
			spec := s.spec(swarm.NewMemory(s.geometry.Length), d)
			spec.Announced = []SourceStats{{Source: d, Swarm: s.id, Call: call}}
			x := r.add(r.engine("10.0.0.2", link, Config{}), spec)
			end(x)
			time.Sleep(2 * time.Hour)
			require.Equal(t, []string{"stopped"}, d.told(), "it may have heard that we started")
			require.True(t, call.ended)
		})
	}
}
