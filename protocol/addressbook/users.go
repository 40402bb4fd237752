package addressbook

import (
	"net/netip"
	"slices"
	"time"

	"github.com/shoal-bt/shoal/swarm"
)

// AddForUser is Add for an address that a user named.
func (b *Book) AddForUser(now time.Time, a swarm.Address, in Swarms) {
	b.Add(now, a, in)
	e := b.known[unmapped(a.AddrPort)]
	if e != nil {
		e.byUser = true
	}
}

// NamedByUser reports whether a user named an address.
func (b *Book) NamedByUser(addr netip.AddrPort) bool {
	e := b.known[addr]
	return e != nil && e.byUser
}

// ForgetAllButUsers forgets the addresses that were found in some swarms and that no user
// named. Dials to them that are under way end first; see Connected.
func (b *Book) ForgetAllButUsers(in Swarms) {
	for _, e := range slices.Clone(b.order) {
		switch {
		case e.byUser:
		case e.swarms&^in != 0:
			e.swarms &^= in
			if e.swarms&(1<<e.swarm) == 0 {
				e.swarm = e.swarms.after(e.swarm)
			}
		case e.dialing:
			e.forgotten = true
		default:
			b.remove(e)
		}
	}
}
