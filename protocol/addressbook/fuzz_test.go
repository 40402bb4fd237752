package addressbook

import (
	"net/netip"
	"testing"
	"time"

	"github.com/shoal-bt/shoal/swarm"
	"github.com/stretchr/testify/require"
)

// FuzzBook calls the methods of a Book of few addresses in random order. After
// each call the rules of checkBook must hold, and Next must return the address that is to
// be dialed first.
func FuzzBook(f *testing.F) {
	f.Add([]byte{0, 1, 3, 1, 0, 2, 1, 0, 4, 1, 0, 8, 1, 9, 1, 0})
	f.Add([]byte{0, 0x11, 7, 0, 0x12, 0, 1, 0, 6, 0, 1, 9, 200, 1, 0, 5, 0, 2, 0, 7, 0})
	f.Fuzz(func(t *testing.T, data []byte) {
		data = data[:min(len(data), 3000)] // a run of ten seconds counts as one that hangs
		r := newRun()
		for len(data) >= 2 {
			op, arg := data[0]%14, data[1]
			data = data[2:]
			addr := netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 0, 0, 1 + arg%4}), 6881+uint16(arg>>2%2))
			switch op {
			case 0:
				in := Swarms(1)
				if len(data) > 0 {
					in = max(1, Swarms(data[0]))
				}
				r.book.Add(r.now, swarm.Address{AddrPort: addr, Flags: arg >> 4 & swarm.Seed}, in)
			case 1, 2:
				r.fuzzNext(t)
			case 3:
				r.book.Connected(addr)
			case 4, 5:
				r.book.Ended(r.now, addr, Outcome(arg>>4)%(Crowded+1))
			case 6:
				r.complete = !r.complete
				if !r.complete {
					r.book.RetrySeeds(r.now)
				}
			case 7:
				r.book.ResetBackoff(addr)
			case 8:
				if arg>>4 == 0 {
					r.book.Ban(addr.Addr(), arg&1 != 0)
				}
			case 9:
				r.now = r.now.Add(time.Duration(arg) * 5 * time.Second)
			case 11:
				r.book.AddNamed(r.now, swarm.Address{AddrPort: addr}, 1, netip.AddrFrom4([4]byte{10, 9, 0, arg >> 4}))
			case 12:
				r.book.AddForUser(r.now, swarm.Address{AddrPort: addr}, 1+Swarms(arg>>6))
			case 13:
				r.book.ForgetAllButUsers(1 + Swarms(arg>>6))
			case 10:
				r.book.Refuse(r.now, addr.Addr())
			}
			require.NoError(t, r.checkBook(), "after %d %d", op, arg)
		}
	})
}

// fuzzNext asks for an address and checks it against the entries as they were before.
func (r *run) fuzzNext(t *testing.T) {
	before := make(map[netip.AddrPort]entry)
	for _, e := range r.book.order {
		c := *e
		c.host = &host{entries: e.host.entries, dials: e.host.dials}
		c.teller = &teller{dials: e.teller.dials}
		before[e.addr] = c
	}
	mayDial := func(e entry) bool {
		isFree := !e.dialing && !e.connected && !e.self
		return isFree && !e.retryAt.After(r.now) && !(r.complete && e.seed)
	}
	addr, in, ok := r.book.Next(r.now, r.complete)
	if !ok {
		for _, e := range before {
			require.False(t, mayDial(e), "%v may be dialed, and Next passes over it", e.addr)
		}
		return
	}
	e, isKnown := before[addr]
	require.True(t, isKnown, "%v is not in the book", addr)
	require.True(t, mayDial(e), "%v must not be dialed: %+v", addr, e)
	require.Equal(t, e.swarm, in)
	isEarlier := true
	for _, b := range r.book.order {
		o := before[b.addr]
		if o.addr == addr {
			isEarlier = false
			continue
		}
		isFirst := o.before(&e, r.now) || (isEarlier && !e.before(&o, r.now))
		require.False(t, mayDial(o) && isFirst, "%v should come before %v", o.addr, addr)
	}
}
