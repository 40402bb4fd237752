package lsd

import (
	"net"
	"net/netip"
	"slices"

	"github.com/shoal-bt/shoal/lsd/discovery"
	"github.com/shoal-bt/shoal/swarm"
)

// A Config configures a Source. Its zero value is ready for use. It is read once, and what it
// points to must not change while the Source is in use.
type Config struct {
	// From lists our addresses at which we accept peers. We announce on the interfaces that
	// have one of them, with that one as the sender, because peers dial it. An unspecified
	// address means any address of its family. Empty means 0.0.0.0 and ::.
	From []netip.Addr

	// Interface says whether an interface is used, of those that are up and can send to
	// groups. Nil means all but loopback and point-to-point ones: a VPN is no local network.
	// It is called often, but not concurrently.
	Interface func(net.Interface) bool

	// OnPeer is called with each peer when it is heard for the first time, and again if it
	// has been silent for 15 minutes. Without it, a caller hears of peers when it calls
	// Announce. It may be called concurrently, must not block, and must not call Close. Nil
	// for nobody.
	OnPeer func(swarm.ID, swarm.Address)
}

// uses reports whether an interface is used.
func (c Config) uses(i net.Interface) bool {
	const needed = net.FlagUp | net.FlagMulticast
	if i.Flags&needed != needed {
		return false
	}
	if c.Interface != nil {
		return c.Interface(i)
	}
	return i.Flags&(net.FlagLoopback|net.FlagPointToPoint) == 0
}

// linksOf returns the links of an interface with these addresses: at most one for each
// family.
func (c Config) linksOf(i net.Interface, addrs []net.Addr) (all []discovery.Link) {
	for _, is6 := range []bool{false, true} {
		l := discovery.Link{LinkID: discovery.LinkID{Index: i.Index, Is6: is6}, Name: i.Name}
		for _, a := range addrs {
			p, ok := prefixOf(a)
			if ok && p.Addr().Is6() == is6 {
				l.Prefixes = append(l.Prefixes, p)
			}
		}
		if len(l.Prefixes) > 0 && c.chooseSource(&l) {
			all = append(all, l)
		}
	}
	return all
}

// chooseSource chooses the address to send from. It reports false if we are not to be reached
// at any address of the link.
func (c Config) chooseSource(l *discovery.Link) bool {
	if len(c.From) == 0 {
		return true
	}
	for _, from := range c.From {
		from = from.Unmap().WithZone("")
		switch {
		case from.Is6() != l.Is6:
		case from.IsUnspecified():
			return true
		case slices.ContainsFunc(l.Prefixes, func(p netip.Prefix) bool { return p.Addr() == from }):
			l.Source = from
			return true
		}
	}
	return false
}

// prefixOf returns an address of an interface, with the length of its prefix.
func prefixOf(a net.Addr) (netip.Prefix, bool) {
	n, ok := a.(*net.IPNet)
	if !ok {
		return netip.Prefix{}, false
	}
	addr, ok := netip.AddrFromSlice(n.IP)
	if !ok {
		return netip.Prefix{}, false
	}
	ones, size := n.Mask.Size()
	addr = addr.Unmap()
	if size != addr.BitLen() {
		return netip.Prefix{}, false
	}
	return netip.PrefixFrom(addr, ones), true
}
