package udptracker

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/shoal-bt/shoal/swarm"
	"github.com/shoal-bt/shoal/swarm/sourcetest"
	"github.com/stretchr/testify/require"
)

const (
	server4 = "203.0.113.1:6969"
	server6 = "[2001:db8::2]:6969"
	url4    = "udp://" + server4 + "/announce"
)

// TestTrackerIsPeerSource runs the suite of PeerSource against trackers of all kinds.
func TestTrackerIsPeerSource(t *testing.T) {
	for name, set := range map[string]func(s *server){
		"answers":            func(*server) {},
		"silent":             func(s *server) { s.silent = func(uint32) bool { return true } },
		"silent to announce": func(s *server) { s.silent = func(action uint32) bool { return action == actionAnnounce } },
		"refuses":            func(s *server) { s.message = "no" },
		"sends short":        func(s *server) { s.change = func(b []byte) [][]byte { return [][]byte{b[:len(b)-1], b[:7], {}} } },
		"sends twice":        func(s *server) { s.change = func(b []byte) [][]byte { return [][]byte{b, b} } },
		"port 0 and no interval": func(s *server) {
			s.change = func(b []byte) [][]byte {
				if b[3] == actionAnnounce {
					clear(b[8:])
					b = append(b, 192, 0, 2, 9, 0, 0, 0, 0, 0, 0, 0, 1, 1)
				}
				return [][]byte{b}
			}
		},
		"huge numbers": func(s *server) {
			s.change = func(b []byte) [][]byte {
				for i := range b[8:] {
					b[8+i] = 0xff
				}
				return [][]byte{b}
			}
		},
	} {
		for _, address := range []string{server4, server6} {
			t.Run(name+" at "+address, func(t *testing.T) {
				sourcetest.Run(t, func(t *testing.T) swarm.PeerSource {
					n := newNetwork()
					s := newServer(t, n.at(address))
					set(s)
					return newTracker(t, "udp://"+address+"/announce", n.config())
				})
			})
		}
	}
	for name, c := range map[string]func(n *network) Config{
		"both families": func(n *network) Config { return n.config("203.0.113.1", "2001:db8::2") },
		"no address":    func(n *network) Config { return n.config() },
		"nobody there":  func(n *network) Config { return n.config("203.0.113.7", "203.0.113.8") },
		"a socket of the caller's": func(n *network) Config {
			c := n.config("203.0.113.1", "2001:db8::2")
			c.Conn4 = n.at("192.0.2.1:6881")
			return c
		},
		"a name that does not resolve": func(n *network) Config {
			c := n.config()
			c.Resolve = func(ctx context.Context, _ string) ([]netip.Addr, error) {
				<-ctx.Done()
				return nil, ctx.Err()
			}
			return c
		},
	} {
		t.Run(name, func(t *testing.T) {
			sourcetest.Run(t, func(t *testing.T) swarm.PeerSource {
				n := newNetwork()
				newServer(t, n.at(server4))
				newServer(t, n.at(server6))
				return newTracker(t, "udp://tracker.test:6969", c(n))
			})
		})
	}
}

// announceOK announces and returns the answer and the peers.
func announceOK(t *testing.T, s swarm.PeerSource, a swarm.Announcement) (answer swarm.Answer, peers []netip.AddrPort) {
	t.Helper()
	answer, err := s.Announce(t.Context(), a, func(p swarm.Address) { peers = append(peers, p.AddrPort) })
	require.NoError(t, err)
	return answer, peers
}

func TestTrackerAnnounces(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork()
		s := newServer(t, n.at(server4))
		tracker := newTracker(t, url4, n.config())
		other := announcement(swarm.Started)
		other.Port, other.Left = 7000, 0
		announceOK(t, tracker, other)
		answer, peers := announceOK(t, tracker, announcement(swarm.None))
		require.Equal(t, []netip.AddrPort{netip.MustParseAddrPort("192.0.2.1:7000")}, peers)
		require.Equal(t, swarm.Answer{Next: 30 * time.Minute, Min: time.Minute, Seeds: 1, Leechers: 1}, answer)
		require.Equal(t, []string{"connect", "announce started", "announce"}, s.take())
	})
}

// The first announce that succeeds says started, a completed that failed is repeated, and
// only who is registered hears stopped.
func TestTrackerEvents(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork()
		s := newServer(t, n.at(server4))
		tracker := newTracker(t, url4, n.config())
		_, err := tracker.Announce(t.Context(), announcement(swarm.Stopped), ignore)
		require.NoError(t, err)
		require.Empty(t, s.take())
		s.message = "not now"
		_, err = tracker.Announce(t.Context(), announcement(swarm.Started), ignore)
		require.Error(t, err)
		s.message = ""
		announceOK(t, tracker, announcement(swarm.None))
		s.message = "not now"
		_, err = tracker.Announce(t.Context(), announcement(swarm.Completed), ignore)
		require.Error(t, err)
		s.message = ""
		for range 2 {
			announceOK(t, tracker, announcement(swarm.None))
		}
		answer, _ := announceOK(t, tracker, announcement(swarm.Stopped))
		require.Zero(t, answer.Next)
		announceOK(t, tracker, announcement(swarm.Stopped))
		require.Equal(t, []string{
			"connect", "announce started", "announce started",
			"announce completed", "connect", "announce completed", // an id of an earlier call may have expired
			"announce completed", "announce", "announce stopped",
		}, s.take())
	})
}

// https://www.bittorrent.org/beps/bep_0015.html#ipv6: both families of a name are
// announced to, with one key and one port.
func TestBothFamiliesAnnounce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork()
		s4, s6 := newServer(t, n.at(server4)), newServer(t, n.at(server6))
		c := n.config("203.0.113.1", "2001:db8::2")
		c.IP = netip.MustParseAddr("198.51.100.7")
		tracker := newTracker(t, "udp://tracker.test:6969/announce", c)
		other := announcement(swarm.Started)
		other.Port = 7000
		announceOK(t, tracker, other)
		_, peers := announceOK(t, tracker, announcement(swarm.None))
		require.ElementsMatch(t, []netip.AddrPort{netip.MustParseAddrPort("192.0.2.1:7000"), netip.MustParseAddrPort("[2001:db8::1]:7000")}, peers)
		require.Equal(t, s4.last[84:88], []byte{198, 51, 100, 7})
		require.Equal(t, s6.last[84:88], []byte{0, 0, 0, 0}) // the field is too short for IPv6
		require.Equal(t, s4.last[88:98], s6.last[88:98])     // key, want and port
		require.NotZero(t, s4.last[88:92])
	})
}

// A family that cannot be used does not hide the other's answer, or its error.
func TestOneFamilyFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork()
		s := newServer(t, n.at(server4))
		n.down[netip.MustParseAddr("2001:db8::2")] = true
		tracker := newTracker(t, "udp://tracker.test:6969", n.config("203.0.113.1", "2001:db8::2"))
		announceOK(t, tracker, announcement(swarm.Started))
		s.message = "no"
		_, err := tracker.Announce(t.Context(), announcement(swarm.None), ignore)
		require.EqualError(t, err, "udptracker: announce udp://tracker.test:6969: the tracker refused: no")
		n.down[netip.MustParseAddr("203.0.113.1")] = true
		answer, err := tracker.Announce(t.Context(), announcement(swarm.None), ignore)
		var local *net.OpError
		require.ErrorAs(t, err, &local)
		require.Greater(t, answer.Next, 20*time.Second)
	})
}

// The first address of a family that can be sent to, and then one that answers, is used.
func TestServersOfAName(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork()
		s := newServer(t, n.at(server4))
		n.down[netip.MustParseAddr("203.0.113.5")] = true
		tracker := newTracker(t, "udp://tracker.test:6969", n.config("203.0.113.5", "203.0.113.6", "203.0.113.1"))
		began := time.Now()
		announceOK(t, tracker, announcement(swarm.Started))
		require.Equal(t, 15*time.Second, time.Since(began))
		announceOK(t, tracker, announcement(swarm.None))
		require.Equal(t, 15*time.Second, time.Since(began))
		require.Equal(t, []string{"connect", "announce started", "announce"}, s.take())
	})
}

func TestWrongFamily(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork()
		c := n.config("2001:db8::2")
		c.From = []netip.Addr{our4}
		tracker := newTracker(t, "udp://tracker.test:6969", c)
		_, err := tracker.Announce(t.Context(), announcement(swarm.Started), ignore)
		var family *FamilyError
		require.ErrorAs(t, err, &family)
		require.Equal(t, "IPv6", family.Has)
		require.Contains(t, err.Error(), "we announce only over IPv4; bind an IPv6 address too")
	})
}

func TestRefuseLocal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork()
		for _, a := range []string{"127.0.0.1", "10.1.2.3", "::1", "fe80::1", "64:ff9b::7f00:1", "100.64.0.1", "::ffff:192.168.0.1"} {
			c := n.config(a)
			c.RefuseLocal = true
			_, err := newTracker(t, "udp://tracker.test:6969", c).Announce(t.Context(), announcement(swarm.Started), ignore)
			require.ErrorContains(t, err, "refused because it is local", a)
		}
		s := newServer(t, n.at(server4))
		c := n.config("127.0.0.1", "203.0.113.1")
		c.RefuseLocal = true
		announceOK(t, newTracker(t, "udp://tracker.test:6969", c), announcement(swarm.Started))
		require.Len(t, s.take(), 2)
	})
}

func TestStoppedTakesThreeSeconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork()
		s := newServer(t, n.at(server4))
		tracker := newTracker(t, url4, n.config())
		announceOK(t, tracker, announcement(swarm.Started))
		s.silent = func(uint32) bool { return true }
		began := time.Now()
		answer, err := tracker.Announce(t.Context(), announcement(swarm.Stopped), ignore)
		require.ErrorIs(t, err, os.ErrDeadlineExceeded)
		require.Equal(t, 3*time.Second, time.Since(began))
		require.Zero(t, answer.Next)
	})
}

func TestAnnounceFunction(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork()
		s := newServer(t, n.at(server4))
		other := announcement(swarm.Started)
		other.Port = 7000
		_, err := Announce(t.Context(), url4, other, n.config())
		require.NoError(t, err)
		reply, err := Announce(t.Context(), url4, announcement(swarm.Stopped), n.config())
		require.NoError(t, err)
		require.Empty(t, reply.Peers) // nobody wants peers who stops
		reply, err = Announce(t.Context(), url4, announcement(swarm.None), n.config())
		require.NoError(t, err)
		require.Len(t, reply.Peers, 1)
		require.Equal(t, []string{"connect", "announce started", "connect", "announce stopped", "connect", "announce"}, s.take())
		require.Zero(t, n.openSockets())
	})
}

// The same on real sockets.
func TestLoopback(t *testing.T) {
	for _, address := range []string{"127.0.0.1:0", "[::1]:0"} {
		conn, err := net.ListenPacket("udp", address)
		if err != nil {
			t.Logf("%s: %v", address, err) // this machine has no IPv6
			continue
		}
		s := newServer(t, conn)
		tracker := newTracker(t, "udp://"+conn.LocalAddr().String(), Config{})
		other := announcement(swarm.Started)
		other.Port = 7000
		announceOK(t, tracker, other)
		_, peers := announceOK(t, tracker, announcement(swarm.None))
		require.Len(t, peers, 1)
		require.Equal(t, uint16(7000), peers[0].Port())
		counts, err := tracker.Scrape(t.Context(), announcement(swarm.None).Swarm)
		require.NoError(t, err)
		require.Equal(t, Counts{Leechers: 2, Completed: 7}, counts[announcement(swarm.None).Swarm])
		require.Equal(t, []string{"connect", "announce started", "announce", "scrape 1"}, s.take())
	}
}

func TestErrorsOfNew(t *testing.T) {
	for url, want := range map[string]string{
		"udp://tracker.test":           "no valid port",
		"udp://tracker.test:0":         "no valid port",
		"udp://tracker.test:65536":     "no valid port",
		"udp://:6969":                  "no host",
		"udp://":                       "not a valid URL",
		"udp://tracker.test:%zz/":      "not a valid URL",
		"http://tracker.test/announce": `the scheme "http" is not that of a UDP tracker`,
		"tracker.test":                 `the scheme "" is not that of a UDP tracker`,
	} {
		_, err := New(url, Config{})
		require.ErrorContains(t, err, want, url)
	}
	_, err := New("http://tracker.test/announce", Config{})
	var scheme *SchemeError
	require.ErrorAs(t, err, &scheme)
	_, err = New(url4, Config{From: []netip.Addr{{}}})
	require.ErrorContains(t, err, "Config.From contains the zero address")
}

// Passkeys are in no name, error or warning.
func TestPasskeysAreHidden(t *testing.T) {
	const key = "0123456789abcdef0123456789abcdef"
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork()
		s := newServer(t, n.at(server4))
		s.message = "passkey " + key + "\x1b[31m unknown"
		c := n.config("203.0.113.1")
		tracker := newTracker(t, "udp://tracker.test:6969/"+key+"/announce", c)
		require.Equal(t, "udp://tracker.test:6969/***/announce", tracker.String())
		_, err := tracker.Announce(t.Context(), announcement(swarm.Started), ignore)
		require.EqualError(t, err, "udptracker: announce udp://tracker.test:6969/***/announce: the tracker refused: passkey *** [31m unknown")
		var refused *FailureError
		require.ErrorAs(t, err, &refused)
		c.Resolve = func(_ context.Context, host string) ([]netip.Addr, error) {
			return nil, errors.New("lookup " + host + ": no such host")
		}
		_, err = newTracker(t, "udp://"+key+".test:6969", c).Announce(t.Context(), announcement(swarm.Started), ignore)
		require.EqualError(t, err, "udptracker: announce udp://***.test:6969: lookup ***.test: no such host")
	})
}
