package engine

import (
	"context"
	"errors"
	"math"
	"testing"
	"time"

	"github.com/shoal-bt/shoal/swarm"
	"github.com/stretchr/testify/require"
)

// refusing is a source that refuses the first announce and names a min interval of an
// hour, and then answers.
func refusing() *diary {
	return newDiary(func(_ context.Context, n int, _ swarm.Announcement, _ func(swarm.Address)) (swarm.Answer, error) {
		answer := swarm.Answer{Next: time.Hour, Min: time.Hour}
		if n == 1 {
			return answer, errors.New("refused, come again in an hour")
		}
		return answer, nil
	})
}

// TestEventsWaitForASourceThatRefused completes a download, and pauses it and goes on,
// while a source wants to be left alone.
func TestEventsWaitForASourceThatRefused(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		s := newSample(1, 1<<18, 1<<18)
		seed, e := r.engine("10.0.0.1", link, Config{}), r.engine("10.0.0.2", link, Config{})
		r.seed(seed, s)
		d := refusing()
		x := r.add(e, s.spec(swarm.NewMemory(s.geometry.Length), d, list(at(seed))))
		r.wait(x, time.Minute)
		x.Announce()
		time.Sleep(59 * time.Minute)
		require.Equal(t, []string{"started"}, d.told())
		time.Sleep(2 * time.Minute)
		require.Equal(t, []int{0, 3600, 3600}, d.times())
		require.Equal(t, []string{"started", "started", "completed"}, d.told())
	})
	inBubble(t, func(t *testing.T, r *rig) {
		s, d := newSample(1, 1<<18, 1<<18), refusing()
		x := r.add(r.engine("10.0.0.1", link, Config{}), s.spec(swarm.NewMemory(s.geometry.Length), d))
		time.Sleep(time.Minute)
		x.Pause()
		time.Sleep(time.Minute)
		x.Resume()
		time.Sleep(time.Hour)
		require.Equal(t, []int{0, 3600}, d.times())
		require.Equal(t, []string{"started", "started"}, d.told())
		require.NoError(t, x.Close())
		require.Equal(t, []int{0, 3600, 3720}, d.times(), "stopped does not wait")
	})
}

// TestAbsurdIntervals has a source return intervals that no source may return, and the
// largest that one may.
func TestAbsurdIntervals(t *testing.T) {
	failed := errors.New("failed")
	for _, test := range []struct {
		answer swarm.Answer
		err    error
		want   []int // calls in 5 minutes, with a user's request each second
	}{
		{swarm.Answer{Next: -1}, failed, []int{0, 15, 45, 105, 165, 225, 285}},
		{swarm.Answer{Next: math.MinInt64, Min: math.MinInt64}, failed, []int{0, 15, 45, 105, 165, 225, 285}},
		{swarm.Answer{Next: math.MinInt64, Min: math.MinInt64}, nil, []int{0, 60, 120, 180, 240}},
		{swarm.Answer{Next: math.MaxInt64, Min: math.MaxInt64}, failed, []int{0}},
		{swarm.Answer{Next: math.MaxInt64, Min: math.MaxInt64}, nil, []int{0}},
		{swarm.Answer{Next: math.MaxInt64}, nil, []int{0, 60, 120, 180, 240}},
		{swarm.Answer{Next: 1, Min: 5 * time.Minute}, failed, []int{0}},
		{swarm.Answer{Next: 1, Min: 5 * time.Minute}, nil, []int{0}},
	} {
		inBubble(t, func(t *testing.T, r *rig) {
			s := newSample(1, 1<<18, 1<<18)
			d := newDiary(func(context.Context, int, swarm.Announcement, func(swarm.Address)) (swarm.Answer, error) {
				return test.answer, test.err
			})
			x := r.add(r.engine("10.0.0.1", link, Config{}), s.spec(swarm.NewMemory(s.geometry.Length), d))
			for range 299 {
				time.Sleep(time.Second)
				x.Announce()
			}
			require.Equal(t, test.want, d.times(), "%+v", test.answer)
		})
	}
}
