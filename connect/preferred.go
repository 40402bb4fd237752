package connect

import (
	"net/netip"
	"slices"
	"sync"
)

// maxPreferred is the number of addresses that are remembered. The one goes that was remembered
// first.
const maxPreferred = 4096

// preferred remembers with which Secure an address shook hands, if that was not the first of the
// options.
type preferred struct {
	mu    sync.Mutex
	by    map[netip.AddrPort]Secure
	added []netip.AddrPort // keys of by, in the order in which they came
}

// order returns the Secures in the order in which an address is tried with them.
func (p *preferred) order(addr netip.AddrPort, all []Secure) []Secure {
	p.mu.Lock()
	first, ok := p.by[addr]
	p.mu.Unlock()
	i := slices.Index(all, first)
	if !ok || i <= 0 {
		return all
	}
	return slices.Concat(all[i:i+1], all[:i], all[i+1:])
}

// remember has an address tried with s first from now on; if that is the first one anyway, or none
// has worked, it only forgets what the address preferred.
func (p *preferred) remember(addr netip.AddrPort, s Secure, isOther bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	_, isKnown := p.by[addr]
	switch {
	case isKnown && isOther:
		p.by[addr] = s
	case isKnown:
		delete(p.by, addr)
		p.added = slices.DeleteFunc(p.added, func(a netip.AddrPort) bool { return a == addr })
	case isOther:
		if p.by == nil {
			p.by = make(map[netip.AddrPort]Secure)
		}
		if len(p.added) == maxPreferred {
			delete(p.by, p.added[0])
			p.added = slices.Delete(p.added, 0, 1)
		}
		p.by[addr] = s
		p.added = append(p.added, addr)
	}
}
