package handlertest

import (
	"context"
	"encoding/binary"
	"errors"
	"net/netip"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/shoal-bt/shoal/swarm"
	"github.com/shoal-bt/shoal/trackerserver"
)

// Run tests the Handlers that open makes. Each is for one subtest and has to begin empty.
// It has to obey the Config's Interval, Expiry, limits, Allow and Now. The Want of a request
// is the Server's matter.
func Run(t *testing.T, open func(t *testing.T, c trackerserver.Config) trackerserver.Handler) {
	for name, test := range map[string]func(*tracker){
		"Events":         testEvents,
		"PartialSeeds":   testPartialSeeds,
		"SeedsOfSeeds":   testSeedsOfSeeds,
		"Peers":          testPeers,
		"Families":       testFamilies,
		"Port0":          testPort0,
		"Expiry":         testExpiry,
		"PeersOfAddress": testPeersOfAddress,
		"FullSwarm":      testFullSwarm,
		"FullTracker":    testFullTracker,
		"Allow":          testAllow,
		"Reuse":          testReuse,
		"Concurrent":     testConcurrent,
	} {
		t.Run(name, func(t *testing.T) {
			k := &tracker{T: t, open: open}
			k.seconds.Store(1_800_000_000)
			test(k)
		})
	}
}

// A tracker is a Handler under test and its clock.
type tracker struct {
	*testing.T
	trackerserver.Handler
	open    func(*testing.T, trackerserver.Config) trackerserver.Handler
	seconds atomic.Int64 // since 1970
}

// use makes the Handler.
func (k *tracker) use(c trackerserver.Config) {
	k.Helper()
	c.Now = func() time.Time { return time.Unix(k.seconds.Load(), 0) }
	k.Handler = k.open(k.T, c)
}

// A peer is a request; its zero value is a leecher's.
type peer struct {
	torrent int
	addr    string // address and port
	seed    bool
	event   swarm.Event
	partial bool
	want    int
	same    bool // family
}

func idOf(torrent int) (id swarm.ID) {
	binary.BigEndian.PutUint64(id[:], uint64(torrent))
	return id
}

func (p peer) request() *trackerserver.Request {
	r := &trackerserver.Request{
		Swarm:       idOf(p.torrent),
		Addr:        netip.MustParseAddrPort(p.addr),
		Event:       p.event,
		Left:        1,
		Want:        p.want,
		PartialSeed: p.partial,
		SameFamily:  p.same,
	}
	copy(r.Peer[:], p.addr)
	if p.seed {
		r.Left = 0
	}
	return r
}

// announce announces a peer, a second after the last one.
func (k *tracker) announce(p peer) (reply trackerserver.Reply) {
	k.Helper()
	k.seconds.Add(1)
	k.succeeds(k.Announce(context.Background(), p.request(), &reply))
	return reply
}

// addresses returns the addresses that an announce names.
func (k *tracker) addresses(p peer) (all []string) {
	k.Helper()
	for _, named := range k.announce(p).Peers {
		all = append(all, netip.AddrPortFrom(named.Addr.Addr().Unmap(), named.Addr.Port()).String())
	}
	return all
}

// scrape returns the counts of one swarm.
func (k *tracker) scrape(torrent int) trackerserver.Counts {
	k.Helper()
	counts := make([]trackerserver.Counts, 2)
	k.succeeds(k.Scrape(context.Background(), []swarm.ID{idOf(1 << 30), idOf(torrent)}, counts))
	k.equal(trackerserver.Counts{}, counts[0], "nobody announced this swarm")
	return counts[1]
}

// testEvents has peers come, complete and leave, some of them twice.
func testEvents(k *tracker) {
	k.use(trackerserver.Config{})
	for i, step := range []struct {
		p    peer
		want trackerserver.Counts
	}{
		{peer{addr: "192.0.2.1:1", event: swarm.Stopped}, trackerserver.Counts{}},
		{peer{addr: "192.0.2.1:1", event: swarm.Started}, trackerserver.Counts{Leechers: 1}},
		{peer{addr: "192.0.2.1:1", event: swarm.Started}, trackerserver.Counts{Leechers: 1}},
		{peer{addr: "192.0.2.2:1"}, trackerserver.Counts{Leechers: 2}},
		{peer{addr: "192.0.2.1:1", seed: true, event: swarm.Completed}, trackerserver.Counts{Seeds: 1, Leechers: 1, Completed: 1}},
		{peer{addr: "192.0.2.1:1", seed: true, event: swarm.Completed}, trackerserver.Counts{Seeds: 1, Leechers: 1, Completed: 1}},
		{peer{addr: "192.0.2.2:1", event: swarm.Completed}, trackerserver.Counts{Seeds: 1, Leechers: 1, Completed: 1}},
		{peer{addr: "[2001:db8::3]:1", seed: true}, trackerserver.Counts{Seeds: 2, Leechers: 1, Completed: 1}},
		{peer{addr: "192.0.2.1:1"}, trackerserver.Counts{Seeds: 1, Leechers: 2, Completed: 1}},
		{peer{addr: "192.0.2.1:2", event: swarm.Stopped}, trackerserver.Counts{Seeds: 1, Leechers: 2, Completed: 1}},
		{peer{addr: "192.0.2.1:1", event: swarm.Stopped}, trackerserver.Counts{Seeds: 1, Leechers: 1, Completed: 1}},
		{peer{addr: "192.0.2.1:1", event: swarm.Stopped}, trackerserver.Counts{Seeds: 1, Leechers: 1, Completed: 1}},
	} {
		reply := k.announce(step.p)
		k.equal(step.want, reply.Counts, i)
		k.counts(0, step.want)
		k.equal(0, len(reply.Peers), "no peer was wanted")
	}
}

// testPartialSeeds checks that a partial seed is neither a seed nor a leecher:
// https://www.bittorrent.org/beps/bep_0021.html#tracker-scrapes.
func testPartialSeeds(k *tracker) {
	k.use(trackerserver.Config{})
	k.announce(peer{addr: "192.0.2.1:1", seed: true})
	k.announce(peer{addr: "192.0.2.2:1"})
	k.named([]string{"192.0.2.2:1"}, k.addresses(peer{addr: "192.0.2.3:1", partial: true, want: 9}), "it needs leechers alone")
	k.counts(0, trackerserver.Counts{Seeds: 1, Leechers: 1, PartialSeeds: 1})
	k.named([]string{"192.0.2.1:1", "192.0.2.3:1"}, k.addresses(peer{addr: "192.0.2.2:1", want: 9}))
	k.named([]string{"192.0.2.2:1"}, k.addresses(peer{addr: "192.0.2.1:1", seed: true, want: 9}))
	k.equal(trackerserver.Counts{Seeds: 2, Leechers: 1}, k.announce(peer{addr: "192.0.2.3:1", seed: true, partial: true}).Counts)
	k.equal(trackerserver.Counts{Seeds: 1, Leechers: 2}, k.announce(peer{addr: "192.0.2.3:1"}).Counts)
	k.equal(trackerserver.Counts{Seeds: 1, Leechers: 1}, k.announce(peer{addr: "192.0.2.3:1", partial: true, event: swarm.Stopped}).Counts)
}

// testSeedsOfSeeds checks that a peer that says it has everything learns a few of the others
// if there is no leecher: with a magnet link alone, aria2 says so until it has the metadata.
func testSeedsOfSeeds(k *tracker) {
	k.use(trackerserver.Config{})
	for i := range 60 {
		k.announce(peer{addr: addressOf(i, i%2 == 0), seed: true})
	}
	named := k.addresses(peer{addr: "192.0.2.1:1", seed: true, want: 50})
	k.equal(true, len(named) > 0 && len(named) <= 10, "a few")
	k.equal(1, len(k.addresses(peer{addr: "192.0.2.1:1", seed: true, want: 1})))
	k.named(nil, k.addresses(peer{addr: "192.0.2.3:1", partial: true, want: 9}), "a partial seed has the metadata")
	k.announce(peer{addr: "192.0.2.2:1"})
	k.named([]string{"192.0.2.2:1"}, k.addresses(peer{addr: "192.0.2.1:1", seed: true, want: 50}))
}

// addressOf returns one of many addresses.
func addressOf(i int, is6 bool) string {
	if is6 {
		return netip.AddrPortFrom(netip.AddrFrom16([16]byte{0x20, 1, 0xd, 0xb8, 6: byte(i >> 8), 7: byte(i), 15: 1}), 6881).String()
	}
	return netip.AddrPortFrom(netip.AddrFrom4([4]byte{198, 18, byte(i >> 8), byte(i)}), 6881).String()
}

// testPeers checks how many peers are named: never the one that asks, each one once, and
// in the long run all.
func testPeers(k *tracker) {
	k.use(trackerserver.Config{})
	for i := range 60 {
		k.announce(peer{addr: addressOf(i, i%3 == 0), seed: i%2 == 0})
	}
	seen := make(map[string]bool)
	for range 400 {
		named := k.addresses(peer{addr: addressOf(1, false), want: 10})
		k.equal(10, len(named))
		once := make(map[string]bool)
		for _, a := range named {
			once[a], seen[a] = true, true
		}
		k.equal(10, len(once))
	}
	k.equal(59, len(seen))
	k.equal(false, seen[addressOf(1, false)], "the peer that asks")
	k.equal(59, len(k.addresses(peer{addr: addressOf(1, false), want: 1000})))
	k.equal(30, len(k.addresses(peer{addr: addressOf(0, true), seed: true, want: 1000})), "a seed needs leechers alone")
	k.named(nil, k.addresses(peer{addr: addressOf(1, false), want: 0}))
	k.named(nil, k.addresses(peer{addr: addressOf(1, false), want: 9, event: swarm.Stopped}))
	k.named(nil, k.addresses(peer{addr: addressOf(1, false), want: 9, torrent: 1}))
}

// testFamilies checks that peers of one family are named if only they are wanted.
func testFamilies(k *tracker) {
	k.use(trackerserver.Config{})
	for i := range 100 {
		k.announce(peer{addr: addressOf(i, false)})
	}
	k.announce(peer{addr: addressOf(0, true)})
	k.named([]string{addressOf(0, true)}, k.addresses(peer{addr: addressOf(1, true), want: 10, same: true}))
	k.equal(100, len(k.addresses(peer{addr: "[::ffff:192.0.2.1]:1", want: 1000, same: true})), "a mapped address is IPv4")
	k.equal(102, len(k.addresses(peer{addr: addressOf(2, false), want: 1000})))
}

// testPort0 checks that a peer that accepts no connections learns of others, but they not of it.
func testPort0(k *tracker) {
	k.use(trackerserver.Config{})
	k.equal(trackerserver.Counts{}, k.announce(peer{addr: "192.0.2.1:0"}).Counts)
	k.announce(peer{addr: "192.0.2.2:1"})
	k.named([]string{"192.0.2.2:1"}, k.addresses(peer{addr: "192.0.2.1:0", want: 9}))
	k.counts(0, trackerserver.Counts{Leechers: 1})
}

// testExpiry checks that a peer is kept for twice the interval and no longer.
func testExpiry(k *tracker) {
	k.use(trackerserver.Config{Interval: 10 * time.Minute})
	for i := range 40 {
		k.announce(peer{addr: addressOf(i, i%2 == 0), seed: i%3 == 0})
	}
	k.seconds.Add(20*60 - 60)
	k.announce(peer{addr: addressOf(0, true), seed: true})
	k.equal(40, k.scrape(0).Seeds+k.scrape(0).Leechers)
	k.seconds.Add(61)
	k.counts(0, trackerserver.Counts{Seeds: 1})
	k.named([]string{addressOf(0, true)}, k.addresses(peer{addr: addressOf(99, false), want: 100}))
	k.seconds.Add(20*60 + 1)
	k.counts(0, trackerserver.Counts{})
}

// testPeersOfAddress announces many ports of one address.
func testPeersOfAddress(k *tracker) {
	k.use(trackerserver.Config{MaxPeersPerAddress: 3})
	for torrent, attacker := range []func(i uint16) netip.AddrPort{
		func(i uint16) netip.AddrPort { return netip.AddrPortFrom(netip.MustParseAddr("192.0.2.1"), i) },
		func(i uint16) netip.AddrPort {
			return netip.AddrPortFrom(netip.AddrFrom16([16]byte{0x20, 1, 0xd, 0xb8, 14: byte(i >> 8), 15: byte(i)}), 1)
		},
	} {
		k.announce(peer{torrent: torrent, addr: "198.51.100.1:1"})
		for i := range uint16(100) {
			k.announce(peer{torrent: torrent, addr: attacker(1 + i).String()})
		}
		named := k.addresses(peer{torrent: torrent, addr: "198.51.100.2:1", want: 100})
		k.named([]string{"198.51.100.1:1", attacker(100).String(), attacker(99).String(), attacker(98).String()}, named)
	}
}

// testFullSwarm fills a swarm from a few addresses, and checks that newcomers are kept and that
// the address that has most makes room.
func testFullSwarm(k *tracker) {
	k.use(trackerserver.Config{MaxPeers: 50, MaxPeersPerAddress: 45})
	k.announce(peer{addr: "198.51.100.1:1"})
	k.announce(peer{addr: "[2001:db8:1::1]:1"})
	for i := range 48 {
		k.announce(peer{addr: netip.AddrPortFrom(netip.MustParseAddr("192.0.2.1"), uint16(1+i)).String()})
	}
	for i := range 20 {
		k.announce(peer{addr: addressOf(i, i%2 == 0)})
	}
	named := k.addresses(peer{addr: addressOf(0, true), want: 100})
	k.equal(49, len(named))
	k.contains(named, "198.51.100.1:1")
	k.contains(named, "[2001:db8:1::1]:1")
	for i := 1; i < 20; i++ {
		k.contains(named, addressOf(i, i%2 == 0))
	}
}

// testFullTracker has one address make more swarms than there may be, and checks that those of
// others stay.
func testFullTracker(k *tracker) {
	k.use(trackerserver.Config{MaxSwarms: 20, MaxSwarmsPerAddress: -1})
	for i := range 5 {
		k.announce(peer{torrent: i, addr: addressOf(i, i%2 == 0)})
	}
	for i := range 100 {
		k.announce(peer{torrent: 1000 + i, addr: "192.0.2.1:1"})
	}
	k.announce(peer{torrent: 500, addr: "198.51.100.9:1"})
	for i := range 5 {
		k.counts(i, trackerserver.Counts{Leechers: 1})
	}
	k.counts(500, trackerserver.Counts{Leechers: 1})
	kept := 0
	for i := range 100 {
		kept += k.scrape(1000 + i).Leechers
	}
	if kept > 14 {
		k.Fatalf("%d swarms of one address were kept", kept)
	}
}

// testAllow checks that a swarm that is not allowed is refused and stays unknown.
func testAllow(k *tracker) {
	k.use(trackerserver.Config{Allow: func(id swarm.ID) bool { return id == idOf(1) }})
	k.announce(peer{torrent: 1, addr: "192.0.2.1:1"})
	var refusal *trackerserver.Refusal
	err := k.Announce(context.Background(), peer{torrent: 2, addr: "192.0.2.1:1"}.request(), new(trackerserver.Reply))
	k.equal(true, errors.As(err, &refusal), "a refusal, not ", err)
	k.counts(1, trackerserver.Counts{Leechers: 1})
	k.counts(2, trackerserver.Counts{})
}

// testReuse checks that the Handler keeps nothing that it was given, and appends to the peers.
func testReuse(k *tracker) {
	k.use(trackerserver.Config{})
	r := peer{addr: "192.0.2.1:1"}.request()
	k.succeeds(k.Announce(context.Background(), r, new(trackerserver.Reply)))
	*r = *peer{addr: "192.0.2.2:1", want: 9}.request()
	there := trackerserver.Peer{Addr: netip.MustParseAddrPort("203.0.113.1:1")}
	reply := trackerserver.Reply{Interval: time.Hour, Peers: []trackerserver.Peer{there}}
	k.succeeds(k.Announce(context.Background(), r, &reply))
	k.equal(2, len(reply.Peers))
	k.equal(there, reply.Peers[0])
	k.equal(time.Hour, reply.Interval)
	clear(reply.Peers)
	k.named([]string{"192.0.2.1:1"}, k.addresses(peer{addr: "192.0.2.2:1", want: 9}))
}

// testConcurrent announces, scrapes and leaves from several goroutines.
func testConcurrent(k *tracker) {
	k.use(trackerserver.Config{MaxSwarms: 5, MaxPeers: 20})
	var running sync.WaitGroup
	for worker := range 8 {
		running.Go(func() {
			for i := range 300 {
				r := peer{torrent: i % 7, addr: addressOf(worker*300+i, i%2 == 0), seed: i%5 == 0, want: 50}.request()
				if i%4 == 3 {
					r.Event = swarm.Stopped
				}
				var reply trackerserver.Reply
				err := k.Announce(context.Background(), r, &reply)
				var refusal *trackerserver.Refusal
				if err != nil && !errors.As(err, &refusal) {
					k.Error(err)
				}
				if len(reply.Peers) > 20 {
					k.Errorf("%d peers", len(reply.Peers))
				}
				err = k.Scrape(context.Background(), []swarm.ID{idOf(i % 7)}, make([]trackerserver.Counts, 1))
				if err != nil {
					k.Error(err)
				}
			}
		})
	}
	running.Wait()
	for i := range 7 {
		c := k.scrape(i)
		if c.Seeds+c.Leechers > 20 {
			k.Fatalf("%+v", c)
		}
	}
}
