package discovery

import (
	"cmp"
	"net/netip"
	"slices"
	"time"

	"github.com/shoal-bt/shoal/swarm"
)

// maxLinks is how many links are used, of those that the caller names. What was sent on
// links that are gone is remembered for as many.
const maxLinks = 64

// A LinkID names an interface in one family of addresses.
type LinkID struct {
	Index int // of the interface, above 0
	Is6   bool
}

// A Link is an interface on which we announce in one family of addresses, and listen.
type Link struct {
	LinkID
	Name     string         // of the interface; the zone of link-local addresses
	Source   netip.Addr     // our address to send from; zero for what the system chooses
	Prefixes []netip.Prefix // our addresses, each with the length of the prefix that is on the link
}

// A link is a Link that is in use.
type link struct {
	Link
	sentAt time.Time              // the last datagram; zero for none
	count  int                    // datagrams sent
	due    map[swarm.ID]time.Time // when a swarm is announced again; not there: as soon as possible
	wakeAt time.Time              // when to look at the swarms again; zero for never
}

// SetLinks says which links there are. All swarms are announced on those that are new, and
// on those with other addresses than before. It keeps the prefixes.
func (s *State) SetLinks(now time.Time, all []Link) {
	old := s.links
	s.links = nil
	for _, l := range all[:min(len(all), maxLinks)] {
		i := slices.IndexFunc(old, func(o *link) bool { return o.LinkID == l.LinkID })
		if i < 0 {
			added := &link{Link: l, sentAt: s.gone[l.LinkID]}
			added.restart(now)
			s.links = append(s.links, added)
			continue
		}
		isSame := old[i].Source == l.Source && slices.Equal(old[i].Prefixes, l.Prefixes)
		old[i].Link = l
		if !isSame {
			old[i].restart(now)
		}
		s.links = append(s.links, old[i])
		old = slices.Delete(old, i, i+1)
	}
	for _, o := range old {
		if len(s.gone) < maxLinks && !o.sentAt.IsZero() {
			s.gone[o.LinkID] = o.sentAt
		}
	}
	slices.SortFunc(s.links, func(a, b *link) int {
		return cmp.Or(cmp.Compare(a.Index, b.Index), cmp.Compare(family(a.Is6), family(b.Is6)))
	})
}

// restart has all swarms announced as if they had never been.
func (l *link) restart(now time.Time) {
	l.due = make(map[swarm.ID]time.Time)
	l.wakeAt = l.nextAt(now.Add(gather))
}

func family(is6 bool) int {
	if is6 {
		return 6
	}
	return 4
}

// linkOf returns the link on which a datagram of a sender came; nil if the sender is on none.
// Index 0 means that the system does not say at which interface it came.
func (s *State) linkOf(id LinkID, from netip.Addr) *link {
	for _, l := range s.links {
		isHere := l.LinkID == id || (id.Index == 0 && l.Is6 == id.Is6)
		if isHere && l.reaches(from) {
			return l
		}
	}
	return nil
}

// reaches reports whether a sender is on the link: in a prefix of the interface, or
// link-local. Others may be anywhere, and their address may be made up. from has no zone.
func (l *link) reaches(from netip.Addr) bool {
	if from.IsMulticast() || from.IsUnspecified() {
		return false
	}
	return from.IsLinkLocalUnicast() ||
		slices.ContainsFunc(l.Prefixes, func(p netip.Prefix) bool { return p.Contains(from) })
}
