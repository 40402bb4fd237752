package magnet

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/shoal-bt/shoal/swarm"
	"github.com/stretchr/testify/require"
)

// Sources that stay hear nothing of others that come and go. One that goes hears that we stopped,
// and is not called meanwhile if it comes back.
func TestSourcesChange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hour := []swarm.Answer{{Next: time.Hour, Min: 10 * time.Minute}}
		stays, goes, comes := &tracker{answers: hour}, &tracker{answers: hour, wait: time.Second}, &tracker{answers: hour}
		list := swarm.List{at("10.0.0.1:1")}
		n := new(network)
		o := options(randomInfo(100), n)
		o.Sources = []swarm.PeerSource{stays, goes, list}
		f, err := New(o)
		require.NoError(t, err)
		start := time.Now()
		ended := make(chan *Result)
		go func() {
			result, _ := f.Run(t.Context())
			ended <- result
		}()
		time.Sleep(time.Minute)
		f.SetSources(stays, comes, swarm.List{at("10.0.0.1:1")})
		time.Sleep(time.Second / 2)
		f.SetSources(stays, comes, list, goes)
		time.Sleep(15 * time.Minute)
		f.SetSources(stays, list, goes)
		f.SetSources(stays, list, goes)
		time.Sleep(time.Minute)
		f.Stop()
		result := <-ended
		defer closeAll(result)

		events, when := stays.events(start)
		require.Equal(t, []swarm.Event{swarm.Started, swarm.None}, events)
		require.Equal(t, []time.Duration{0, 10 * time.Minute}, when, "as soon as it allows")
		events, when = goes.events(start)
		require.Equal(t, []swarm.Event{swarm.Started, swarm.Stopped, swarm.Started}, events[:3])
		require.Equal(t, []time.Duration{0, time.Minute, time.Minute + time.Second}, when[:3], "calls do not overlap")
		events, _ = comes.events(start)
		require.Equal(t, []swarm.Event{swarm.Started, swarm.None, swarm.Stopped}, events)
		var sources []swarm.PeerSource
		for _, s := range result.Sources {
			require.True(t, s.Registered)
			sources = append(sources, s.Source)
		}
		require.Equal(t, []swarm.PeerSource{stays, list, goes}, sources)
	})
}

// A source that does not answer is left without waiting for it, and hears that we stopped.
func TestSourceThatHangsIsRemoved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hangs := &tracker{hangs: true}
		o := options(randomInfo(100), new(network))
		o.Sources = []swarm.PeerSource{hangs}
		f, err := New(o)
		require.NoError(t, err)
		time.AfterFunc(time.Second, func() {
			f.SetSources()
			f.Stop()
		})
		start := time.Now()
		result, err := f.Run(t.Context())
		require.NoError(t, err)
		require.Empty(t, result.Sources)
		require.LessOrEqual(t, time.Since(start), time.Second+stoppedTimeout)
		events, _ := hangs.events(start)
		require.Equal(t, []swarm.Event{swarm.Started, swarm.Stopped}, events)
		closeAll(result)
	})
}

// Announce brings calls forward, but not to a time before the source allows one.
func TestAnnounceSoon(t *testing.T) {
	now := time.Unix(1e9, 0)
	due := func(next, earliest time.Time) *job {
		return &job{SourceState: SourceState{Source: &tracker{}, Next: next, Earliest: earliest}}
	}
	r := &run{sources: []*job{
		due(now.Add(time.Hour), now.Add(time.Minute)),
		due(now.Add(time.Hour), now.Add(-time.Minute)),
		due(now.Add(-time.Hour), time.Time{}),
		due(time.Time{}, time.Time{}),
	}}
	listed := swarm.List{at("10.0.0.1:1")}
	for _, j := range []*job{due(now.Add(time.Hour), now.Add(time.Minute)), due(now.Add(time.Hour), time.Time{})} {
		j.Source = listed
		r.sources = append(r.sources, j)
	}
	r.sources[5].call = new(call)
	r.announceSoon(now, func() []swarm.PeerSource { return []swarm.PeerSource{listed} })
	var next []time.Duration
	for _, j := range r.sources {
		next = append(next, j.Next.Sub(now))
	}
	require.Equal(t, []time.Duration{time.Minute, 0, -time.Hour, 0, 0, time.Hour}, next)
}

// Whether a source is asked at once that is being called is decided when the call has ended.
func TestAnnounceDuringACall(t *testing.T) {
	for _, isEarly := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			slow := &tracker{answers: []swarm.Answer{{Next: time.Hour, Min: time.Hour}}, wait: time.Second}
			o := options(randomInfo(100), new(network))
			o.Sources = []swarm.PeerSource{slow}
			f, err := New(o)
			require.NoError(t, err)
			start := time.Now()
			early := func() (all []swarm.PeerSource) {
				if isEarly == (time.Since(start) >= time.Second) {
					all = append(all, slow)
				}
				return all
			}
			time.AfterFunc(time.Second/2, func() { f.Announce(early) })
			time.AfterFunc(time.Minute, f.Stop)
			result, err := f.Run(t.Context())
			require.NoError(t, err)
			events, _ := slow.events(start)
			require.Equal(t, isEarly, len(events) == 2)
			closeAll(result)
		})
	}
}
