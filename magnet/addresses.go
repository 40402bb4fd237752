package magnet

import (
	"errors"
	"net/netip"
	"slices"
	"time"

	"github.com/shoal-bt/shoal/connect"
	"github.com/shoal-bt/shoal/magnet/fetch"
	"github.com/shoal-bt/shoal/protocol/addressbook"
	"github.com/shoal-bt/shoal/protocol/places"
	"github.com/shoal-bt/shoal/protocol/report"
	"github.com/shoal-bt/shoal/swarm"
)

const (
	maxKnown   = 3000             // addresses of which we remember who named them
	maxBanned  = 1000             // peers
	spareRetry = 10 * time.Second // until a connection may have turned out useless
)

// addresses are those that the fetch knows. The book decides whom to dial.
type addresses struct {
	book   addressbook.Book
	known  map[netip.AddrPort]*knownAddress
	order  []netip.AddrPort // of known, oldest first
	banned []netip.AddrPort
}

// A knownAddress is an address with all who named it.
type knownAddress struct {
	swarm.Address
	user, incoming bool
	sources        []*source
	peer           netip.Addr // the first that named it; zero for none
	dialed         bool
}

// isOfPeers reports whether nobody but peers named an address.
func (k *knownAddress) isOfPeers() bool { return !k.user && !k.incoming && len(k.sources) == 0 }

func newAddresses() addresses { return addresses{known: make(map[netip.AddrPort]*knownAddress)} }

// allSwarms returns the set of the link's swarms.
func (r *run) allSwarms() addressbook.Swarms { return addressbook.All(len(r.swarms)) }

// learn notes that the user, a source or the peer itself named an address, and has it dialed some
// time.
func (r *run) learn(now time.Time, a swarm.Address, in addressbook.Swarms) *knownAddress {
	a.AddrPort = unmapped(a.AddrPort)
	k := r.known[a.AddrPort]
	if k == nil {
		if len(r.order) >= maxKnown {
			r.forgetOldest()
		}
		k = r.note(a)
	}
	k.Flags |= a.Flags
	if !r.isBanned(a.AddrPort) {
		r.book.Add(now, a, in)
	}
	return k
}

// note adds an address that is not known.
func (r *run) note(a swarm.Address) *knownAddress {
	k := &knownAddress{Address: a}
	r.known[a.AddrPort] = k
	r.order = append(r.order, a.AddrPort)
	return k
}

func unmapped(a netip.AddrPort) netip.AddrPort { return netip.AddrPortFrom(a.Addr().Unmap(), a.Port()) }

// forgetOldest forgets who named the address that is known for longest, of those that only peers
// named, if there are any. What the user named is not forgotten for what others name.
func (r *run) forgetOldest() {
	if r.forgetOldestOfPeers() {
		return
	}
	i := max(slices.IndexFunc(r.order, func(a netip.AddrPort) bool { return !r.known[a].user }), 0)
	r.forget(i)
}

// forgetOldestOfPeers does so only if there are addresses that only peers named.
func (r *run) forgetOldestOfPeers() bool {
	i := slices.IndexFunc(r.order, func(a netip.AddrPort) bool { return r.known[a].isOfPeers() })
	if i >= 0 {
		r.forget(i)
	}
	return i >= 0
}

func (r *run) forget(i int) {
	delete(r.known, r.order[i])
	r.order = slices.Delete(r.order, i, i+1)
}

// foundByPeer takes in addresses that a connected peer named, as a torrent does
// (addressbook.Book.AddNamed). Who else named one matters more.
func (r *run) foundByPeer(now time.Time, f fetch.Found) {
	in := r.allSwarms()
	if c := r.conns[f.Peer]; c != nil {
		in = addressbook.Swarms(1) << slices.Index(r.swarms, c.Swarm)
	}
	for _, a := range f.Addrs {
		a.AddrPort = unmapped(a.AddrPort)
		if r.known[a.AddrPort] != nil || r.isBanned(a.AddrPort) || !r.book.AddNamed(now, a, in, f.By) {
			continue
		}
		if len(r.order) < maxKnown || r.forgetOldestOfPeers() {
			r.note(a).peer = f.By
		}
	}
}

// found takes in addresses that the user named, or a peer that dialed us.
func (r *run) found(peers []swarm.Address, in addressbook.Swarms, by Origin) {
	now := time.Now()
	for _, a := range peers {
		k := r.learn(now, a, in)
		k.user = k.user || by.User
		k.incoming = k.incoming || by.Incoming
	}
}

// foundBy takes in addresses that a source named.
func (r *run) foundBy(s *source, peers []swarm.Address, in addressbook.Swarms) {
	now := time.Now()
	for _, a := range peers {
		k := r.learn(now, a, in)
		if !slices.Contains(k.sources, s) {
			k.sources = append(k.sources, s)
		}
	}
}

// originOf returns who named an address.
func (r *run) originOf(a netip.AddrPort) (o Origin) {
	k := r.known[a]
	if k == nil {
		return o
	}
	o.User, o.Incoming, o.Peer = k.user, k.incoming, k.peer
	for _, s := range k.sources {
		o.Sources = append(o.Sources, s.PeerSource)
	}
	return o
}

// ban refuses the peer that alone sent wrong metadata, and all of its subscriber. A local
// address may be that of many peers, so of these only the one with the same port is refused.
func (r *run) ban(c fetch.Close) {
	if len(r.banned) >= maxBanned {
		r.banned = r.banned[1:]
	}
	r.banned = append(r.banned, c.Addr)
	r.options.OnEvent(report.PeerBanned{Torrent: r.swarms[0], Addr: c.Addr.Addr()})
	if !places.IsLocal(c.Addr.Addr()) {
		r.book.Ban(c.Addr.Addr(), false)
	}
}

// isBanned reports whether an address is refused.
func (r *run) isBanned(a netip.AddrPort) bool {
	return r.book.Banned(a.Addr()) || slices.Contains(r.banned, a)
}

// dial begins dials as long as there are addresses and places.
func (r *run) dial(now time.Time) {
	for r.book.Ready(now) {
		if r.isFull() && !r.makeRoom(now) {
			return
		}
		a, in, ok := r.book.Next(now, false)
		if !ok {
			return
		}
		limit := r.places.Exceeds(r.limits, a.Addr(), true)
		switch {
		case r.isBanned(a):
			r.book.Ended(now, a, addressbook.Self) // is not dialed again
		case limit == places.Total:
			r.book.Ended(now, a, addressbook.NoRoom)
			return
		case limit != places.None:
			r.book.Ended(now, a, addressbook.Crowded)
		default:
			r.startDial(a, r.swarms[in])
		}
	}
}

// startDial dials an address. It has a place from now on.
func (r *run) startDial(a netip.AddrPort, id swarm.ID) {
	r.places.Add(a.Addr(), true)
	request := connect.Request{Addr: a, Ours: r.options.ours(id, r.dhtPort != 0), Group: r.Fetcher, First: true}
	k := r.known[a]
	if k != nil {
		request.First, k.dialed = !k.dialed, true
	}
	r.tasks.Add(1)
	started := r.options.Connector.Start(r.ctx, request, func(c *connect.Conn, err error) {
		defer r.tasks.Done()
		if !r.post(func(r *run) { r.dialed(a, c, err) }) && c != nil {
			c.Close()
		}
	})
	if !started {
		r.tasks.Done()
		r.dialed(a, nil, connect.ErrClosed)
	}
}

// dialed takes in how a dial ended.
func (r *run) dialed(a netip.AddrPort, c *connect.Conn, err error) {
	now := time.Now()
	if err == nil && r.refuses(now, c) {
		c.Close()
		c, err = nil, errUnwanted
	}
	if err != nil {
		r.options.Logger.Debug("dial failed", "addr", a, "err", err)
		r.places.Remove(a.Addr(), true)
		r.book.Ended(now, a, outcomeOf(err))
		if err != errUnwanted {
			r.options.OnEvent(report.PeerFailed{Torrent: r.swarms[0], Addr: a, Err: err, Retry: r.book.RetryAt(a)})
		}
		return
	}
	r.book.Connected(a)
	r.join(now, c, r.originOf(a))
}

var errUnwanted = errors.New("the peer is connected already, or banned")

// outcomeOf returns what a failed dial says about its address.
func outcomeOf(err error) addressbook.Outcome {
	var failed *connect.Error
	switch {
	case errors.Is(err, errUnwanted):
		return addressbook.Crossed
	case errors.As(err, &failed) && failed.Why == connect.Self:
		return addressbook.Self
	case errors.Is(err, connect.ErrHandshake):
		return addressbook.NoHandshake
	}
	return addressbook.Failed
}

// dialDue returns when dial may begin a dial; zero for never.
func (r *run) dialDue(now time.Time) time.Time {
	due := r.book.Due()
	if due.IsZero() || !r.isFull() {
		return due
	}
	return later(due, now.Add(spareRetry))
}

// isFull reports whether all places are taken.
func (r *run) isFull() bool { return r.limits.Total >= 0 && r.places.Len() >= r.limits.Total }

// isOutOfPeers reports whether nobody is connected and there is nobody to dial.
func (r *run) isOutOfPeers(now time.Time) bool { return r.places.Len() == 0 && !r.book.Ready(now) }
