package httptracker

import (
	"context"
	"io"
	"net"
	"net/http"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/shoal-bt/shoal/swarm"
	"github.com/stretchr/testify/require"
)

// TestTrackerIntervals checks interval and min interval, because a client that we learned
// from read min interval twice.
func TestTrackerIntervals(t *testing.T) {
	for _, test := range []struct {
		answer    string
		c         Config
		next, min time.Duration
	}{
		{"d8:intervali1800e12:min intervali900ee", Config{}, 30 * time.Minute, 15 * time.Minute},
		{"d8:intervali1800ee", Config{}, 30 * time.Minute, time.Minute},
		{"d8:intervali30ee", Config{}, 30 * time.Second, 30 * time.Second},
		{"d12:min intervali900e5:peers0:e", Config{}, 30 * time.Minute, 15 * time.Minute},
		{"d8:intervali60e12:min intervali900ee", Config{}, 15 * time.Minute, 15 * time.Minute},
		{"d8:intervali0ee", Config{}, 30 * time.Minute, time.Minute},
		{"d8:intervali1ee", Config{}, 10 * time.Second, 10 * time.Second},
		{"d8:intervali-1ee", Config{}, 30 * time.Minute, time.Minute},
		{"d8:intervali9223372036854775807ee", Config{}, 24 * time.Hour, time.Minute},
		{"d8:intervali1ee", Config{MinInterval: -1}, time.Second, time.Second},
		{"d8:intervali100000000ee", Config{MaxInterval: -1}, 365 * 24 * time.Hour, time.Minute},
		{"d8:intervali7200e12:min intervali7200ee", Config{MaxInterval: time.Hour}, time.Hour, time.Hour},
	} {
		synctest.Test(t, func(t *testing.T) {
			n := newNetwork(t)
			n.serve("tracker.test", reply(test.answer))
			answer, err := newTracker(t, n, test.c).Announce(t.Context(), announcement(swarm.None), ignore)
			require.NoError(t, err)
			require.Equal(t, test.next, answer.Next, test.answer)
			require.Equal(t, test.min, answer.Min, test.answer)
		})
	}
}

func TestTrackerRetryIn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork(t)
		s := &script{answers: []string{"d14:failure reason4:busy8:retry in2:45e", "d14:failure reason4:gone8:retry in5:nevere"}}
		n.serve("tracker.test", s.ServeHTTP)
		tracker := newTracker(t, n, Config{})
		answer, err := tracker.Announce(t.Context(), announcement(swarm.None), ignore)
		var failure *FailureError
		require.ErrorAs(t, err, &failure)
		require.Equal(t, &FailureError{Reason: "busy", RetryIn: 45 * time.Minute}, failure)
		require.Equal(t, 45*time.Minute, answer.Next)
		require.Equal(t, 45*time.Minute, answer.Min)
		for range 2 {
			answer, err = tracker.Announce(t.Context(), announcement(swarm.None), ignore)
			require.ErrorAs(t, err, &failure)
			require.Equal(t, &FailureError{Reason: "gone", RetryIn: -1}, failure)
			require.Zero(t, answer.Next)
		}
		require.Len(t, s.asked, 2, "never means never")
		_, err = tracker.Announce(t.Context(), announcement(swarm.Stopped), ignore)
		require.Error(t, err)
		tracker.Announce(t.Context(), announcement(swarm.Started), ignore)
		require.Len(t, s.asked, 3, "a new session asks again")
	})
}

// TestTrackerIntervalsAfterErrors checks that a tracker that refuses is asked when it
// wants to be asked.
func TestTrackerIntervalsAfterErrors(t *testing.T) {
	const least = 10 * time.Second
	for _, test := range []struct {
		answer    string
		c         Config
		next, min time.Duration
	}{
		{"d14:failure reason2:no8:intervali1800ee", Config{}, 30 * time.Minute, time.Minute},
		{"d14:failure reason2:no8:intervali1800e12:min intervali900ee", Config{}, 30 * time.Minute, 15 * time.Minute},
		{"d14:failure reason2:no12:min intervali900ee", Config{}, 15 * time.Minute, 15 * time.Minute},
		{"d14:failure reason2:no8:intervali60e12:min intervali900ee", Config{}, 15 * time.Minute, 15 * time.Minute},
		{"d14:failure reason2:no8:interval4:1800e", Config{}, 30 * time.Minute, time.Minute},
		{"d14:failure reason2:no8:intervali1800e8:retry ini7ee", Config{}, 7 * time.Minute, 7 * time.Minute},
		{"d14:failure reason2:no8:intervali1800e8:retry in5:latere", Config{}, 30 * time.Minute, time.Minute},
		{"d14:failure reason2:no8:intervali9223372036854775807e12:min intervali9223372036854775807ee", Config{}, 24 * time.Hour, 24 * time.Hour},
		{"d14:failure reason2:no8:retry ini9223372036854775807ee", Config{}, 24 * time.Hour, 24 * time.Hour},
		{"d14:failure reason2:no8:intervali1800ee", Config{MaxInterval: 10 * time.Minute}, 10 * time.Minute, time.Minute},
		// The back-off, which is 30 s in the first call.
		{"d14:failure reason2:noe", Config{}, 0, least},
		{"d14:failure reason2:no8:intervali1ee", Config{}, 0, 0},
		{"d14:failure reason2:no8:intervali0e12:min intervali0ee", Config{}, 0, least},
		{"d14:failure reason2:no8:intervali-5e12:min intervali-9223372036854775808ee", Config{}, 0, least},
		{"garbage", Config{}, 0, least},
	} {
		synctest.Test(t, func(t *testing.T) {
			n := newNetwork(t)
			n.serve("tracker.test", reply(test.answer))
			answer, err := newTracker(t, n, test.c).Announce(t.Context(), announcement(swarm.None), ignore)
			require.Error(t, err)
			if test.next == 0 {
				require.InDelta(t, 30*time.Second, answer.Next, float64(8*time.Second), test.answer)
			} else {
				require.Equal(t, test.next, answer.Next, test.answer)
			}
			if test.min == 0 {
				require.Equal(t, answer.Next, answer.Min, test.answer)
			} else {
				require.Equal(t, test.min, answer.Min, test.answer)
			}
		})
	}
}

// TestRoutesDecideTogether has a tracker that answers differently over IPv4 and IPv6.
func TestRoutesDecideTogether(t *testing.T) {
	const never, busy, wait = "d14:failure reason2:no8:retry in5:nevere", "d14:failure reason4:busy8:retry ini5ee", "d14:failure reason4:wait8:intervali7200ee"
	for _, test := range []struct {
		four, six string // empty means that it cannot be reached
		next      time.Duration
		asked     int // after three announces
	}{
		{never, never, 0, 2},
		{never, "", 0, 1},
		{"", busy, 5 * time.Minute, 3},
		{never, busy, 5 * time.Minute, 4},
		{wait, busy, 2 * time.Hour, 6},
		{never, twoPeers, 30 * time.Minute, 4},
	} {
		synctest.Test(t, func(t *testing.T) {
			four, six := newNetwork(t), newNetwork(t)
			var asked atomic.Int32
			for n, answer := range map[*network]string{four: test.four, six: test.six} {
				if answer == "" {
					n.refuse("tracker.test", true)
					continue
				}
				n.serve("tracker.test", func(w http.ResponseWriter, r *http.Request) {
					asked.Add(1)
					io.WriteString(w, answer)
				})
			}
			tracker, err := New("http://tracker.test/announce", Config{Dial: func(ctx context.Context, network, address string) (net.Conn, error) {
				if network == "tcp4" {
					return four.dial(ctx, network, address)
				}
				return six.dial(ctx, network, address)
			}})
			require.NoError(t, err)
			for range 3 {
				answer, _ := tracker.Announce(t.Context(), announcement(swarm.None), ignore)
				require.Equal(t, test.next, answer.Next)
				require.LessOrEqual(t, answer.Min, max(answer.Next, 24*time.Hour))
			}
			require.EqualValues(t, test.asked, asked.Load(), "%s %s", test.four, test.six)
		})
	}
}
