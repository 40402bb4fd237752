package lsd

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/shoal-bt/shoal/swarm"
	"github.com/shoal-bt/shoal/swarm/sourcetest"
	"github.com/stretchr/testify/require"
)

// TestContract runs the suite, with neighbors and alone.
func TestContract(t *testing.T) {
	t.Run("with neighbors", func(t *testing.T) {
		sourcetest.Run(t, func(t *testing.T) swarm.PeerSource {
			h := new(hub)
			other := open(t, h.host("10.0.0.2/24"), Config{})
			for i := range 10 {
				announce(t, other, swarm.Announcement{Swarm: swarm.ID{0: byte(i), 1: 0xff, 2: '&', 3: ' ', 4: '%', 19: '='}, Port: 7000})
			}
			return open(t, h.host("10.0.0.1/24"), Config{})
		})
	})
	t.Run("alone", func(t *testing.T) {
		sourcetest.Run(t, func(t *testing.T) swarm.PeerSource { return open(t, new(hub).host("10.0.0.1/24"), Config{}) })
	})
	t.Run("without a network", func(t *testing.T) {
		sourcetest.Run(t, func(t *testing.T) swarm.PeerSource { return open(t, new(hub).host(), Config{}) })
	})
}

func open(t *testing.T, n network, c Config) *Source {
	s := newSource(c, n)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

// announce calls Announce and returns the peers that it found.
func announce(t *testing.T, s *Source, a swarm.Announcement) []string {
	t.Helper()
	found, err := tryAnnounce(s, a)
	require.NoError(t, err)
	return found
}

func tryAnnounce(s *Source, a swarm.Announcement) (found []string, err error) {
	_, err = s.Announce(context.Background(), a, func(p swarm.Address) { found = append(found, p.String()) })
	slices.Sort(found)
	return found, err
}

// wait lets time pass, and then everybody do what is due.
func wait(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// A log has the peers that OnPeer was called with.
type log struct {
	mu    sync.Mutex
	lines []string
}

func (l *log) onPeer(id swarm.ID, p swarm.Address) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines = append(l.lines, fmt.Sprintf("%x %v", id[:1], p.AddrPort))
}

// take returns the lines since the last call.
func (l *log) take() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	all := l.lines
	l.lines = nil
	slices.Sort(all)
	return all
}

// TestNeighbors find one another: who is there hears the newcomer at once, and the newcomer
// hears them with their next announces.
func TestNeighbors(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := new(hub)
		var heardByOne, heardByTwo log
		one := open(t, h.host("10.0.0.1/24", "fd00::1/64"), Config{OnPeer: heardByOne.onPeer})
		two := open(t, h.host("10.0.0.2/24", "fd00::2/64"), Config{OnPeer: heardByTwo.onPeer})
		a := swarm.Announcement{Swarm: swarm.ID{0xaa}, Port: 6881}
		require.Empty(t, announce(t, one, a))
		wait(10 * time.Second)
		a.Port = 7000
		require.Empty(t, announce(t, two, a))
		wait(time.Second)
		require.Equal(t, []string{"aa 10.0.0.2:7000", "aa [fd00::2]:7000"}, heardByOne.take())
		require.Empty(t, heardByTwo.take())
		wait(5 * time.Minute)
		require.Empty(t, heardByOne.take())
		require.Equal(t, []string{"aa 10.0.0.1:6881", "aa [fd00::1]:6881"}, heardByTwo.take())
		require.Equal(t, []string{"10.0.0.1:6881", "[fd00::1]:6881"}, announce(t, two, a))

		stats := two.Stats()
		require.NoError(t, stats.Err)
		require.EqualValues(t, 4, stats.Sent)
		require.EqualValues(t, 4, stats.Own)
		require.EqualValues(t, 2, stats.Links)
	})
}

// TestAnswer says when to call again.
func TestAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for next, c := range map[time.Duration]Config{PollEvery: {}, AnnounceEvery: {OnPeer: new(log).onPeer}} {
			s := open(t, new(hub).host("10.0.0.1/24"), c)
			answer, err := s.Announce(context.Background(), swarm.Announcement{Port: 1}, nil)
			require.NoError(t, err)
			require.Equal(t, swarm.Answer{Next: next, Min: 10 * time.Second, Seeds: -1, Leechers: -1}, answer)
		}
		require.Equal(t, "LSD", fmt.Sprint(New(Config{})))
	})
}

// TestInterfacesComeAndGo: without one an announce says what to do, and it is made when there
// is one.
func TestInterfacesComeAndGo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := new(hub)
		here := h.host()
		s := open(t, here, Config{})
		_, err := tryAnnounce(s, swarm.Announcement{Port: 1})
		require.ErrorIs(t, err, ErrNoLink)
		require.ErrorContains(t, err, "lsd: no network interface")
		here.setAddrs("10.0.0.1/24")
		wait(31 * time.Second)
		require.Equal(t, 1, here.datagrams())
		announce(t, s, swarm.Announcement{Port: 1})

		here.setAddrs("10.0.0.1/24", "fd00::1/64")
		wait(31 * time.Second)
		require.Equal(t, 2, here.datagrams())
		require.Equal(t, 2, h.open())
		here.setAddrs("fd00::2/64")
		wait(2 * time.Minute)
		require.Equal(t, 3, here.datagrams(), "the address has changed")
		require.NoError(t, s.Stats().Err)
		require.Equal(t, 1, h.open())
		here.setAddrs()
		wait(31 * time.Second)
		require.Zero(t, h.open())
		require.Zero(t, s.Stats().Links)
	})
}

// TestTrouble: an announce says what is wrong, and all is well when it has gone.
func TestTrouble(t *testing.T) {
	no := errors.New("not today")
	for _, test := range []struct {
		name             string
		list, open, join error
		want             string
	}{
		{"list", no, nil, nil, "lsd: cannot list the network interfaces: not today"},
		{"open", nil, no, nil, "lsd: cannot listen to port 6771 of UDP: not today; another program may keep it for itself"},
		{"join", nil, nil, no, "lsd: cannot listen on eth0: not today"},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := new(hub)
				here := h.host("10.0.0.1/24")
				here.setErrors(test.list, test.open, test.join)
				s := open(t, here, Config{})
				_, err := tryAnnounce(s, swarm.Announcement{Port: 1})
				require.EqualError(t, err, test.want)
				require.Error(t, s.Stats().Err)
				here.setErrors(nil, nil, nil)
				wait(32 * time.Second)
				require.Equal(t, 1, here.datagrams())
				require.NoError(t, s.Stats().Err)
			})
		})
	}
}

// TestSocketFails: a few errors do not matter, and after many a socket is opened again.
func TestSocketFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := new(hub)
		var heard log
		s := open(t, h.host("10.0.0.1/24"), Config{OnPeer: heard.onPeer})
		announce(t, s, swarm.Announcement{Port: 1})
		h.failAll(99)
		wait(time.Second)
		require.Equal(t, 1, h.open())
		h.failAll(100)
		wait(time.Second)
		require.Zero(t, h.open())
		require.ErrorContains(t, s.Stats().Err, "the network is down")
		wait(30 * time.Second)
		require.Equal(t, 1, h.open())
		h.send(netip.MustParseAddrPort("10.0.0.9:1"), fmt.Appendf(nil, "BT-SEARCH * HTTP/1.1\r\nPort: 7\r\nInfohash: %x\r\n\r\n", make([]byte, 20)))
		wait(time.Second)
		require.Equal(t, []string{"00 10.0.0.9:7"}, heard.take())
	})
}

// TestQuietWithoutSwarms: sockets are open only while there are swarms.
func TestQuietWithoutSwarms(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := new(hub)
		here := h.host("10.0.0.1/24", "fd00::1/64")
		s := open(t, here, Config{})
		a := swarm.Announcement{Port: 1}
		announce(t, s, a)
		wait(time.Second)
		require.Equal(t, 2, h.open())
		a.Event = swarm.Stopped
		announce(t, s, a)
		require.Zero(t, h.open())
		require.Zero(t, s.Stats().Links)
		a.Event = swarm.Started
		announce(t, s, a)
		wait(30 * time.Second)
		require.Equal(t, 2, here.datagrams(), "not more than one a minute")
		wait(31 * time.Second)
		require.Equal(t, 4, here.datagrams())
		wait(time.Hour) // nobody renews it
		require.Zero(t, h.open())
		require.Equal(t, 8, here.datagrams())
	})
}

func TestClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := new(hub)
		s := newSource(Config{}, h.host("10.0.0.1/24"))
		a := swarm.Announcement{Port: 1}
		announce(t, s, a)
		require.NoError(t, s.Close())
		require.NoError(t, s.Close())
		require.Zero(t, h.open())
		_, err := tryAnnounce(s, a)
		require.ErrorIs(t, err, ErrClosed)
		a.Event = swarm.Stopped
		announce(t, s, a)
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		_, err = s.Announce(ctx, a, nil)
		require.ErrorIs(t, err, context.Canceled)
	})
}

// TestConcurrent is for the race detector.
func TestConcurrent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := new(hub)
		var sources []*Source
		for i := range 4 {
			sources = append(sources, newSource(Config{OnPeer: new(log).onPeer}, h.host(fmt.Sprintf("10.0.0.%d/24", 1+i))))
		}
		var calls sync.WaitGroup
		for i, s := range sources {
			for k := range 4 {
				calls.Go(func() {
					for n := range 20 {
						tryAnnounce(s, swarm.Announcement{Swarm: swarm.ID{byte(k)}, Port: uint16(i), Event: swarm.Event(n % 4)})
						s.Stats()
						time.Sleep(20 * time.Second)
					}
				})
			}
		}
		time.Sleep(3 * time.Minute)
		require.NoError(t, sources[0].Close())
		calls.Wait()
		for _, s := range sources {
			require.NoError(t, s.Close())
		}
	})
}
