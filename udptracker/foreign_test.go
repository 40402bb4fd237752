package udptracker

import (
	"errors"
	"net/netip"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/shoal-bt/shoal/swarm"
	"github.com/stretchr/testify/require"
)

// Packets that are no answers are counted and change nothing.
func TestForeignPackets(t *testing.T) {
	elsewhere := netip.MustParseAddrPort("203.0.113.66:6969")
	otherPort := netip.MustParseAddrPort("203.0.113.1:6970")
	for name, test := range map[string]struct {
		forge   func(n *network, to *memoryConn, answer []byte) (before, after [][]byte)
		ignored int
	}{
		"from another address": {func(_ *network, to *memoryConn, b []byte) ([][]byte, [][]byte) {
			to.deliver(forged(b), elsewhere)
			return nil, nil
		}, 2},
		"from another port": {func(_ *network, to *memoryConn, b []byte) ([][]byte, [][]byte) {
			to.deliver(forged(b), otherPort)
			return nil, nil
		}, 2},
		"of another transaction": {func(_ *network, _ *memoryConn, b []byte) ([][]byte, [][]byte) {
			f := forged(b)
			f[7]++
			return [][]byte{f}, nil
		}, 2},
		"of another action": {func(_ *network, _ *memoryConn, b []byte) ([][]byte, [][]byte) {
			f, g := forged(b), forged(b)
			f[3], g[0] = actionScrape, 0xff
			return [][]byte{f, g}, nil
		}, 4},
		"short": {func(_ *network, _ *memoryConn, b []byte) ([][]byte, [][]byte) {
			return [][]byte{b[:15], b[:9], b[:7], {}}, nil
		}, 8},
		"doubled": {func(_ *network, _ *memoryConn, b []byte) ([][]byte, [][]byte) {
			return nil, [][]byte{b}
		}, 1}, // the second answer to the announce comes too late to be read
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n := newNetwork()
				s := newServer(t, n.at(server4))
				s.change = func(b []byte) [][]byte {
					before, after := test.forge(n, n.first(), b)
					return append(append(before, b), after...)
				}
				tracker := newTracker(t, url4, n.config())
				answer, peers := announceOK(t, tracker, announcement(swarm.Started))
				require.Empty(t, peers)
				require.Equal(t, 30*time.Minute, answer.Next)
				require.GreaterOrEqual(t, tracker.trackers.Ignored(), test.ignored)
				require.Equal(t, []string{"connect", "announce started"}, s.take())
			})
		})
	}
}

// opentracker 0.0~git20210823 answers an announce of a swarm that it does not serve by
// 8 bytes: action announce, and the transaction.
func TestEmptyAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork()
		s := newServer(t, n.at(server4))
		s.change = func(b []byte) [][]byte {
			if b[3] == actionAnnounce {
				b = b[:8]
			}
			return [][]byte{b}
		}
		tracker := newTracker(t, url4, n.config())
		began := time.Now()
		answer, err := tracker.Announce(t.Context(), announcement(swarm.Started), ignore)
		var refused *FailureError
		require.ErrorAs(t, err, &refused)
		require.ErrorContains(t, err, "the tracker refused: its answer is empty; it probably does not serve this torrent")
		require.Zero(t, time.Since(began))
		require.GreaterOrEqual(t, answer.Next, 20*time.Second)
		_, err = tracker.Announce(t.Context(), announcement(swarm.Stopped), ignore)
		require.NoError(t, err)
		require.Equal(t, []string{"connect", "announce started"}, s.take()) // it does not have us registered
	})
}

// forged returns an answer with another content.
func forged(b []byte) []byte {
	f := append([]byte(nil), b...)
	for i := range f[8:] {
		f[8+i] ^= 0x55
	}
	return append(f, 6, 6, 6, 6, 6, 6)
}

// An answer that comes after the call is ignored by the next one.
func TestLateAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork()
		conn := n.at(server4)
		s := newServer(t, conn)
		var late []byte
		s.change = func(b []byte) [][]byte {
			if b[3] == actionConnect {
				return [][]byte{b}
			}
			late = forged(b)
			return nil
		}
		tracker := newTracker(t, url4, n.config())
		_, err := tracker.Announce(t.Context(), announcement(swarm.Started), ignore)
		require.Error(t, err)
		synctest.Wait()
		n.first().deliver(late, conn.addr)
		s.change = nil
		_, peers := announceOK(t, tracker, announcement(swarm.Started))
		require.Empty(t, peers)
		require.Equal(t, 1, tracker.trackers.Ignored())
	})
}

// A call bears a number of packets that are no answers. Then it is given up, and later
// calls work.
func TestFlood(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork()
		s := newServer(t, n.at(server4))
		s.silent = func(action uint32) bool { return action == actionAnnounce }
		tracker := newTracker(t, url4, n.config())
		result := make(chan error)
		announce := func() {
			_, err := tracker.Announce(t.Context(), announcement(swarm.Started), ignore)
			result <- err
		}
		go announce()
		synctest.Wait()
		n.flood(40001, "198.51.100.1:53", maxIgnored-1)
		select {
		case err := <-result:
			t.Fatal("too early:", err)
		default:
		}
		n.flood(40001, "198.51.100.1:53", 1)
		err := <-result
		var many *FloodError
		require.ErrorAs(t, err, &many)
		require.Equal(t, maxIgnored, many.Packets)
		s.silent = nil
		require.Zero(t, n.openSockets())
		announceOK(t, tracker, announcement(swarm.Started)) // from another port

		s.silent = func(action uint32) bool { return action == actionAnnounce }
		go announce()
		synctest.Wait()
		n.flood(40002, "198.51.100.1:53", 10)
		err = <-result
		var timeout *TimeoutError
		require.True(t, errors.As(err, &timeout))
		require.Equal(t, 10, timeout.Ignored)
		require.ErrorContains(t, err, "10 packets that were no valid answers were ignored")
	})
}

// A tracker that floods us ends the calls to itself, and not those to others that share the
// socket.
func TestFloodOfOneTracker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const hostile, hostileURL = "203.0.113.9:6969", "udp://203.0.113.9:6969/announce"
		n := newNetwork()
		var answers atomic.Bool
		silent := func(action uint32) bool { return action == actionAnnounce && !answers.Load() }
		newServer(t, n.at(server4)).silent = silent
		newServer(t, n.at(hostile)).silent = silent
		trackers := NewTrackers(n.config())
		t.Cleanup(trackers.Close)
		announce := func(url string) <-chan error {
			tracker, err := trackers.New(url)
			require.NoError(t, err)
			result := make(chan error, 1)
			go func() {
				_, err := tracker.Announce(t.Context(), announcement(swarm.Started), ignore)
				result <- err
			}()
			return result
		}
		honest, flooded := announce(url4), announce(hostileURL)
		synctest.Wait()
		n.flood(40001, hostile, maxIgnoredOwn)
		err := <-flooded
		var many *FloodError
		require.ErrorAs(t, err, &many)
		n.flood(40001, hostile, 10*maxIgnoredOwn)
		answers.Store(true)
		require.NoError(t, <-honest)
	})
}

// flood delivers packets that are no answers to a socket of ours, and waits until they were
// read.
func (n *network) flood(port uint16, from string, packets int) {
	for i := range packets {
		n.conns[netip.AddrPortFrom(our4, port)].deliver([]byte("garbage!garbage!"), netip.MustParseAddrPort(from))
		if i%1000 == 999 {
			synctest.Wait() // the socket has room for some thousand
		}
	}
	synctest.Wait()
}
