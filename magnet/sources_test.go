package magnet

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/shoal-bt/shoal/peerwire"
	"github.com/shoal-bt/shoal/swarm"
	"github.com/stretchr/testify/require"
)

// A tracker is a source with given answers, the last one again and again.
type tracker struct {
	answers []swarm.Answer
	errs    []error
	peers   []swarm.Address
	hangs   bool          // until its context is done
	wait    time.Duration // before it answers

	mu    sync.Mutex
	calls []announced
}

type announced struct {
	at  time.Time
	say swarm.Announcement
}

func (s *tracker) Announce(ctx context.Context, a swarm.Announcement, found func(swarm.Address)) (swarm.Answer, error) {
	s.mu.Lock()
	n := len(s.calls)
	s.calls = append(s.calls, announced{time.Now(), a})
	s.mu.Unlock()
	if s.hangs {
		<-ctx.Done()
		return swarm.Answer{}, ctx.Err()
	}
	time.Sleep(s.wait)
	for _, p := range s.peers {
		found(p)
	}
	var answer swarm.Answer
	var err error
	if len(s.answers) > 0 {
		answer = s.answers[min(n, len(s.answers)-1)]
	}
	if len(s.errs) > 0 {
		err = s.errs[min(n, len(s.errs)-1)]
	}
	return answer, err
}

// events returns what was announced, and when after start.
func (s *tracker) events(start time.Time) (events []swarm.Event, at []time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.calls {
		events = append(events, c.say.Event)
		at = append(at, c.at.Sub(start))
	}
	return events, at
}

// The result says when each source may be asked again, and who named the peers.
func TestSourcesGoOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		info := randomInfo(5000)
		n := &network{peers: map[string]remote{"10.0.0.1:1": {trip, (&seeder{info: info}).serve}}}
		named := &tracker{answers: []swarm.Answer{{Next: 30 * time.Minute, Min: 10 * time.Minute}}, peers: []swarm.Address{at("10.0.0.1:1"), at("10.0.0.2:1")}}
		failing := &tracker{errs: []error{errors.New("trouble")}}
		hanging := &tracker{hangs: true}
		list := swarm.List{at("10.0.0.3:1")}
		o := options(info, n, "10.0.0.2:1")
		o.Sources = []swarm.PeerSource{named, failing, hanging, list}
		start := time.Now()
		result, _ := fetched(t, o)

		require.Len(t, result.Sources, 4)
		require.Equal(t, SourceState{
			Source:     named,
			Swarm:      o.HashV1,
			Registered: true,
			Last:       start,
			Next:       start.Add(30 * time.Minute),
			Earliest:   start.Add(10 * time.Minute),
			Answer:     named.answers[0],
			Peers:      2,
		}, result.Sources[0])
		require.False(t, result.Sources[1].Registered)
		require.Equal(t, 1, result.Sources[1].Errors)
		require.Equal(t, start.Add(15*time.Second), result.Sources[1].Next)
		require.False(t, result.Sources[2].Registered)
		require.True(t, result.Sources[2].Busy)
		require.NotNil(t, result.Sources[2].Call)
		require.True(t, result.Sources[3].Next.IsZero())

		origins := make(map[string]Origin)
		for _, p := range result.Peers {
			origins[p.String()] = p.Origin
		}
		require.Equal(t, map[string]Origin{
			"10.0.0.1:1": {Sources: []swarm.PeerSource{named}},
			"10.0.0.2:1": {User: true, Sources: []swarm.PeerSource{named}},
			"10.0.0.3:1": {Sources: []swarm.PeerSource{list}},
		}, origins)
		require.Equal(t, origins["10.0.0.1:1"], result.Conns[0].Origin)

		events, _ := named.events(start)
		require.Equal(t, []swarm.Event{swarm.Started}, events, "the torrent goes on, so it does not stop")
		require.Equal(t, swarm.Announcement{Swarm: o.HashV1, Peer: o.PeerID, Port: 1, Event: swarm.Started, Want: wanted, Left: -1}, named.calls[0].say)

		result.Sources = result.Sources[1:]
		result.Close()
		require.Len(t, named.calls, 1, "it was handed on")
		require.Len(t, failing.calls, 1, "it never heard of us")
		events, _ = hanging.events(start)
		require.Equal(t, []swarm.Event{swarm.Started, swarm.Stopped}, events)
		require.Equal(t, swarm.Announcement{Swarm: o.HashV1, Peer: o.PeerID, Port: 1, Event: swarm.Stopped, Left: -1}, hanging.calls[1].say)
	})
}

// A call that is under way when the metadata comes goes on, and brings what it brings.
func TestCallUnderWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		info := randomInfo(5000)
		n := &network{peers: map[string]remote{"10.0.0.1:1": {trip, (&seeder{info: info}).serve}}}
		slow := &tracker{wait: 10 * time.Second, answers: []swarm.Answer{{Next: time.Hour}}, peers: []swarm.Address{at("10.0.0.2:1")}}
		never := &tracker{hangs: true}
		o := options(info, n, "10.0.0.1:1")
		o.Sources = []swarm.PeerSource{slow, never}
		result, _ := fetched(t, o)
		var found []swarm.Address
		answer, err := result.Sources[0].Call.Announce(t.Context(), swarm.Announcement{}, func(a swarm.Address) { found = append(found, a) })
		require.NoError(t, err)
		require.Equal(t, time.Hour, answer.Next)
		require.Equal(t, slow.peers, found)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err = result.Sources[1].Call.Announce(ctx, swarm.Announcement{}, nil)
		require.ErrorIs(t, err, context.Canceled, "the call was ended")
		require.Len(t, slow.calls, 1)
		require.Len(t, never.calls, 1)
		result.Sources = nil
	})
}

// A fetch that is stopped hands over what it knows.
func TestStop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		info := randomInfo(5000)
		mute := &seeder{info: info, mute: true, first: []peerwire.Message{{Kind: peerwire.Have, Piece: 1}}}
		n := &network{peers: map[string]remote{"10.0.0.1:1": {trip, mute.serve}, "10.0.0.2:1": {time.Hour, mute.serve}}}
		regular := &tracker{answers: []swarm.Answer{{Next: time.Hour}}, peers: []swarm.Address{at("10.0.0.1:1"), at("10.0.0.2:1")}}
		o := options(info, n)
		o.Sources = []swarm.PeerSource{regular}
		f, err := New(o)
		require.NoError(t, err)
		time.AfterFunc(10*time.Second, f.Stop)
		result, err := f.Run(t.Context())
		require.NoError(t, err)
		require.Nil(t, result.Info)
		require.Len(t, result.Conns, 1)
		require.True(t, result.Conns[0].Greeted)
		messages := replayed(t, result.Conns[0].Conn)
		require.Equal(t, peerwire.Have, messages[len(messages)-1].Kind)
		require.Len(t, result.Peers, 2)
		require.True(t, result.Sources[0].Registered)
		require.Len(t, regular.calls, 1)
		f.Stop()
		result.Close()
		require.Equal(t, swarm.Stopped, regular.calls[1].say.Event)
		n.done.Wait()
		time.Sleep(time.Minute)

		f, err = New(options(info, n))
		require.NoError(t, err)
		f.Stop()
		result, err = f.Run(t.Context())
		require.NoError(t, err, "it was stopped before it began")
		result.Close()
		(*Result)(nil).Close()
	})
}

// Sources are asked again when they want, or when they allow it and we have nobody.
func TestIntervals(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		info := randomInfo(5000)
		mute := &seeder{info: info, size: -1}
		n := &network{peers: map[string]remote{"10.0.0.1:1": {trip, mute.serve}}}
		trouble := errors.New("trouble")
		regular := &tracker{answers: []swarm.Answer{{Next: time.Hour, Min: 20 * time.Minute}}}
		hasty := &tracker{answers: []swarm.Answer{{Next: time.Nanosecond}}}
		failing := &tracker{errs: []error{trouble, trouble, trouble, trouble, nil}, answers: []swarm.Answer{{}, {}, {Min: 10 * time.Minute}, {}, {}}}
		o := options(info, n)
		o.Sources = []swarm.PeerSource{regular, hasty, failing}
		ctx, cancel := context.WithTimeout(t.Context(), 65*time.Minute)
		defer cancel()
		start := time.Now()
		_, err := Fetch(ctx, o)
		require.ErrorIs(t, err, context.DeadlineExceeded)

		events, times := regular.events(start)
		require.Equal(t, []swarm.Event{swarm.Started, swarm.None, swarm.None, swarm.None, swarm.Stopped}, events)
		require.Equal(t, []time.Duration{0, 20 * time.Minute, 40 * time.Minute, time.Hour, 65 * time.Minute}, times)
		_, times = hasty.events(start)
		for i := range len(times) - 2 {
			require.GreaterOrEqual(t, times[i+1]-times[i], time.Second)
		}
		events, times = failing.events(start)
		require.Equal(t, []swarm.Event{swarm.Started, swarm.Started, swarm.Started, swarm.Started, swarm.Started}, events[:5])
		require.Equal(t, []time.Duration{0, 15 * time.Second, 45 * time.Second, 45*time.Second + 10*time.Minute, 12*time.Minute + 45*time.Second}, times[:5])
		require.Equal(t, swarm.Stopped, events[len(events)-1])
	})
}

// A source that has us connected is left alone until it wants to be asked.
func TestNoHasteWithPeers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		info := randomInfo(5000)
		n := &network{peers: map[string]remote{"10.0.0.1:1": {trip, (&seeder{info: info, mute: true}).serve}}}
		regular := &tracker{answers: []swarm.Answer{{Next: time.Hour, Min: time.Minute}}, peers: []swarm.Address{at("10.0.0.1:1")}}
		o := options(info, n)
		o.Sources = []swarm.PeerSource{regular}
		ctx, cancel := context.WithTimeout(t.Context(), 80*time.Second)
		defer cancel()
		_, err := Fetch(ctx, o)
		require.Error(t, err)
		require.Len(t, regular.calls, 2, "Started and Stopped")
		time.Sleep(time.Minute)
	})
}

// A source that does not answer delays the end by 3 s, and all of them together do.
func TestStoppedIsShort(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		info := randomInfo(5000)
		o := options(info, &network{})
		for range 5 {
			o.Sources = append(o.Sources, &tracker{hangs: true})
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start := time.Now()
		_, err := Fetch(ctx, o)
		require.Error(t, err)
		require.Equal(t, 4*time.Second, time.Since(start))
	})
}

// A link with both hashes is announced in both swarms, and dialed in that of the source.
func TestHybrid(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		info := randomInfo(5000)
		o := options(info, &network{})
		o.HashV2 = [32]byte{7}
		source := &tracker{}
		o.Sources = []swarm.PeerSource{source}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := Fetch(ctx, o)
		require.Error(t, err)
		swarms := make(map[swarm.Event][]swarm.ID)
		for _, c := range source.calls {
			swarms[c.say.Event] = append(swarms[c.say.Event], c.say.Swarm)
		}
		require.ElementsMatch(t, []swarm.ID{o.HashV1, {7}}, swarms[swarm.Started])
		require.ElementsMatch(t, []swarm.ID{o.HashV1, {7}}, swarms[swarm.Stopped])
	})
}
