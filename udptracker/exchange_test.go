package udptracker

import (
	"context"
	"encoding/binary"
	"math"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/shoal-bt/shoal/swarm"
	"github.com/stretchr/testify/require"
)

// https://www.bittorrent.org/beps/bep_0015.html#time-outs: a packet is sent again after
// 15 s, 30 s and so on up to 3,840 s. A call takes less than a minute, so the count goes
// on from call to call, if the caller obeys Answer.Next.
func TestRetransmission(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork()
		s := newServer(t, n.at(server4))
		s.silent = func(uint32) bool { return true }
		tracker := newTracker(t, url4, n.config())
		for len(s.log) < 13 {
			began := time.Now()
			answer, err := tracker.Announce(t.Context(), announcement(swarm.Started), ignore)
			require.ErrorIs(t, err, os.ErrDeadlineExceeded)
			require.LessOrEqual(t, time.Since(began), time.Minute)
			time.Sleep(answer.Next)
			synctest.Wait()
		}
		var waits []int
		for i := range s.times[1:] {
			waits = append(waits, int((s.times[i+1]-s.times[i])/time.Second))
		}
		require.Equal(t, []int{15, 31, 60, 120, 240, 480, 960, 1920, 3840, 3840, 3840, 3840}, waits[:12]) // a call is over after 45 s, and the next begins a second later
		s.silent = nil
		announceOK(t, tracker, announcement(swarm.Started))
		s.silent = func(uint32) bool { return true }
		s.take()
		time.Sleep(time.Hour)
		_, err := tracker.Announce(t.Context(), announcement(swarm.None), ignore)
		require.Error(t, err)
		synctest.Wait()
		require.Equal(t, 15*time.Second, s.times[1]-s.times[0]) // an answer begins again
	})
}

// The example "announce times out" of the BEP: a connection id that has expired is asked
// for again, and the waits go on.
func TestAnnounceTimesOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork()
		s := newServer(t, n.at(server4))
		s.silent = func(action uint32) bool { return action == actionAnnounce }
		tracker := newTracker(t, url4, n.config())
		for range 3 {
			answer, err := tracker.Announce(t.Context(), announcement(swarm.Started), ignore)
			require.Error(t, err)
			time.Sleep(answer.Next)
		}
		synctest.Wait()
		require.Equal(t, []string{"connect", "announce started", "announce started", "announce started", "connect", "announce started"}, s.log[:6])
		seconds := func(i int) int { return int(s.times[i] / time.Second) }
		require.Equal(t, []int{0, 0, 15, 46, 106, 106}, []int{seconds(0), seconds(1), seconds(2), seconds(3), seconds(4), seconds(5)})
	})
}

// A caller that has another tracker waits for one silence.
func TestAnnounceOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork()
		s := newServer(t, n.at(server4))
		s.silent = func(uint32) bool { return true }
		tracker := newTracker(t, url4, n.config())
		began := time.Now()
		answer, err := tracker.AnnounceOnce(t.Context(), announcement(swarm.Started), ignore)
		var timeout *TimeoutError
		require.ErrorAs(t, err, &timeout)
		require.Equal(t, "udptracker: announce udp://203.0.113.1:6969/announce: no answer came for 15s", err.Error())
		require.Equal(t, 15*time.Second, time.Since(began))
		require.Equal(t, []string{"connect"}, s.take())
		require.InDelta(t, 30*time.Second, answer.Next, float64(8*time.Second))
		answer, err = tracker.AnnounceOnce(t.Context(), announcement(swarm.Started), ignore)
		require.Error(t, err)
		require.Equal(t, 30*time.Second, time.Since(began))
		require.InDelta(t, time.Minute, answer.Next, float64(15*time.Second))
		_, err = tracker.Announce(t.Context(), announcement(swarm.Started), ignore)
		require.EqualError(t, err, "udptracker: announce udp://203.0.113.1:6969/announce: no answer came for 45s")
		require.Equal(t, []string{"connect", "connect"}, s.take()) // the third in a row waits for a minute
	})
}

// An answer to a packet that was sent again meanwhile counts.
func TestSlowTracker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork()
		conn := n.at(server4)
		s := newServer(t, conn)
		s.change = func(b []byte) [][]byte {
			time.AfterFunc(17*time.Second, func() { n.first().deliver(b, conn.addr) })
			return nil
		}
		tracker := newTracker(t, url4, n.config())
		began := time.Now()
		announceOK(t, tracker, announcement(swarm.Started))
		require.Equal(t, 34*time.Second, time.Since(began))
		require.Equal(t, []string{"connect", "connect", "announce started"}, s.take()) // the second connect changes nothing
	})
}

// A call that is ended early is no silence, so that the next one is as quick to send again.
func TestCanceledCallsAreNoSilence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork()
		s := newServer(t, n.at(server4))
		s.silent = func(uint32) bool { return true }
		tracker := newTracker(t, url4, n.config())
		for range 9 {
			ctx, cancel := context.WithTimeout(t.Context(), 4*time.Second)
			_, err := tracker.Announce(ctx, announcement(swarm.Started), ignore)
			require.ErrorIs(t, err, context.DeadlineExceeded)
			cancel()
		}
		s.take()
		_, err := tracker.Announce(t.Context(), announcement(swarm.Started), ignore)
		require.Error(t, err)
		synctest.Wait()
		require.Equal(t, 15*time.Second, s.times[1]-s.times[0])
	})
}

// A call with a deadline says that the tracker was silent, because it ends a second before.
func TestSilenceBeforeTheDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork()
		tracker := newTracker(t, url4, n.config())
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		_, err := tracker.Announce(ctx, announcement(swarm.Started), ignore)
		var timeout *TimeoutError
		require.ErrorAs(t, err, &timeout)
		require.Equal(t, 15*time.Second, timeout.Waited) // the second packet would have less time
		tracker = newTracker(t, "udp://203.0.113.9:1", n.config())
		short, cancel := context.WithTimeout(t.Context(), 12*time.Second)
		defer cancel()
		_, err = tracker.Announce(short, announcement(swarm.Started), ignore)
		require.ErrorAs(t, err, &timeout)
		require.Equal(t, 11*time.Second, timeout.Waited)
	})
}

// A connection id is used for 60 s. Calls that begin together connect once.
func TestConnectionIDs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork()
		s := newServer(t, n.at(server4))
		trackers := NewTrackers(n.config())
		defer trackers.Close()
		var wg sync.WaitGroup
		for i := range 20 {
			tracker, err := trackers.New(url4)
			require.NoError(t, err)
			a := announcement(swarm.Started)
			a.Swarm[0] = byte(i)
			wg.Go(func() {
				_, err := tracker.Announce(t.Context(), a, ignore)
				if err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		log := s.take()
		require.Len(t, log, 21)
		require.Equal(t, "connect", log[0])
		require.NotContains(t, log[1:], "connect")
		tracker, err := trackers.New(url4)
		require.NoError(t, err)
		time.Sleep(idLifetime - 1)
		announceOK(t, tracker, announcement(swarm.Started))
		require.Equal(t, []string{"announce started"}, s.take())
		time.Sleep(1 * time.Nanosecond)
		announceOK(t, tracker, announcement(swarm.None))
		require.Equal(t, []string{"connect", "announce"}, s.take())
	})
}

// If the call that connects is canceled, another one connects.
func TestConnectIsHandedOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork()
		s := newServer(t, n.at(server4))
		s.silent = func(uint32) bool { return true }
		tracker := newTracker(t, url4, n.config())
		ctx, cancel := contextWithCancel(t)
		var wg sync.WaitGroup
		wg.Go(func() { tracker.Announce(ctx, announcement(swarm.Started), ignore) })
		synctest.Wait()
		a := announcement(swarm.Started)
		a.Swarm[0] = 9
		wg.Go(func() {
			_, err := tracker.Announce(t.Context(), a, ignore)
			if err != nil {
				t.Error(err)
			}
		})
		time.Sleep(time.Second)
		require.Equal(t, []string{"connect"}, s.take())
		synctest.Wait()
		s.silent = nil
		cancel()
		wg.Wait()
		require.Equal(t, []string{"connect", "announce started"}, s.take())
	})
}

// A tracker that has forgotten a connection id is connected to again, once.
func TestConnectionIDExpires(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork()
		s := newServer(t, n.at(server4))
		tracker := newTracker(t, url4, n.config())
		announceOK(t, tracker, announcement(swarm.Started))
		s.forget()
		announceOK(t, tracker, announcement(swarm.None))
		require.Equal(t, []string{"connect", "announce started", "unconnected", "connect", "announce"}, s.take())
		s.change = func(b []byte) [][]byte { // it never keeps an id
			clear(s.ids)
			return [][]byte{b}
		}
		s.forget()
		_, err := tracker.Announce(t.Context(), announcement(swarm.None), ignore)
		require.EqualError(t, err, "udptracker: announce udp://203.0.113.1:6969/announce: the tracker refused: Connection ID expired")
		s.take()
		answer, err := tracker.Announce(t.Context(), announcement(swarm.None), ignore)
		require.Error(t, err)
		require.LessOrEqual(t, len(s.take()), 4)
		require.GreaterOrEqual(t, answer.Next, 10*time.Second)
	})
}

// The numbers of an answer are bounded.
func TestNumbers(t *testing.T) {
	for name, test := range map[string]struct {
		interval, leechers, seeds uint32
		want                      swarm.Answer
	}{
		"none":          {0, 0, 0, swarm.Answer{Next: 30 * time.Minute, Min: time.Minute}},
		"small":         {1, 1, 2, swarm.Answer{Next: 10 * time.Second, Min: 10 * time.Second, Seeds: 2, Leechers: 1}},
		"half a minute": {30, 1, 2, swarm.Answer{Next: 30 * time.Second, Min: 30 * time.Second, Seeds: 2, Leechers: 1}},
		"2^31":          {1 << 31, 1 << 31, 1 << 31, swarm.Answer{Next: 24 * time.Hour, Min: time.Minute, Seeds: -1, Leechers: -1}},
		"most":          {math.MaxUint32, math.MaxInt32, math.MaxUint32, swarm.Answer{Next: 24 * time.Hour, Min: time.Minute, Seeds: -1, Leechers: math.MaxInt32}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n := newNetwork()
				s := newServer(t, n.at(server4))
				s.change = func(b []byte) [][]byte {
					if b[3] == actionAnnounce {
						binary.BigEndian.PutUint32(b[8:], test.interval)
						binary.BigEndian.PutUint32(b[12:], test.leechers)
						binary.BigEndian.PutUint32(b[16:], test.seeds)
					}
					return [][]byte{b}
				}
				answer, _ := announceOK(t, newTracker(t, url4, n.config()), announcement(swarm.Started))
				require.Equal(t, test.want, answer)
			})
		})
	}
}

// A refusal is not repeated soon.
func TestBackoff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork()
		s := newServer(t, n.at(server4))
		s.message = strings.Repeat("no ", 500)
		tracker := newTracker(t, url4, n.config())
		want := 30 * time.Second
		for range 10 {
			answer, err := tracker.Announce(t.Context(), announcement(swarm.Started), ignore)
			require.Less(t, len(err.Error()), 500)
			require.InDelta(t, want, answer.Next, float64(want/4))
			require.Equal(t, 10*time.Second, answer.Min)
			want = min(2*want, 30*time.Minute)
		}
	})
}
