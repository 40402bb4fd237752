package dht

import (
	"cmp"
	"context"
	"net"
	"net/netip"
	"strconv"
	"time"

	"github.com/shoal-bt/shoal/dht/krpc"
	"github.com/shoal-bt/shoal/dht/node"
)

const (
	resolveLimit = 20 * time.Second
	firstRetry   = 30 * time.Second
	lastRetry    = 10 * time.Minute
	moveAfter    = 5 * time.Minute // between two starts because our address changed
	maxNames     = 50              // of nodes, and of routers
)

// bootstrap looks the names up and gets to know others.
func (f *family) bootstrap(saved []krpc.Contact) {
	routers := f.node.config.Routers
	if routers == nil {
		routers = DefaultRouters
	}
	nodes, err := f.resolve(f.node.config.Nodes)
	first, err2 := f.resolve(routers)
	asked := len(nodes) + len(first)
	for _, c := range saved {
		if c.Addr.Addr().Is6() == f.is6 {
			asked++
		}
	}
	why := NoNodesError{Asked: asked, Err: cmp.Or(err2, err)}
	f.do(func(now time.Time) {
		f.why = why
		f.state.Bootstrap(now, saved, nodes, first)
	})
}

// resolve returns the addresses of names that are of our family. Names that cannot be
// looked up are left out; the error is that of the last one.
func (f *family) resolve(names []string) (all []netip.AddrPort, why error) {
	ctx, cancel := context.WithTimeout(f.node.context, resolveLimit)
	defer cancel()
	var resolver Resolver = net.DefaultResolver
	if f.node.config.Resolver != nil {
		resolver = f.node.config.Resolver
	}
	network := "ip4"
	if f.is6 {
		network = "ip6"
	}
	for _, name := range names[:min(len(names), maxNames)] {
		host, text, err := net.SplitHostPort(name)
		if err != nil {
			why = err
			continue
		}
		port, err := strconv.ParseUint(text, 10, 16)
		if err != nil {
			why = err
			continue
		}
		addr, err := netip.ParseAddr(host)
		if err == nil {
			all = append(all, netip.AddrPortFrom(addr, uint16(port)))
			continue
		}
		addrs, err := resolver.LookupNetIP(ctx, network, host)
		if err != nil {
			why = err
			continue
		}
		for _, a := range addrs {
			all = append(all, netip.AddrPortFrom(a.Unmap(), uint16(port)))
		}
	}
	return all, why
}

// bootstrapped tries again after a while if nobody answers.
func (f *family) bootstrapped(e node.BootstrappedEvent) {
	if e.Err == nil {
		f.backoff, f.isAlone = 0, false
		f.retry.Stop()
		f.node.report(BootstrappedEvent{Is6: f.is6, Nodes: e.Nodes})
		return
	}
	f.isAlone = true
	f.why.Answered, f.why.Refused = e.Answered, e.Refusal
	f.node.report(BootstrappedEvent{Is6: f.is6, Err: f.whyAlone()})
	f.backoff = min(max(2*f.backoff, firstRetry), lastRetry)
	f.retry.Reset(f.backoff)
	f.retryAt = time.Now().Add(f.backoff)
}

// whyAlone returns why the family knows no node. The lock is held.
func (f *family) whyAlone() error {
	why := f.why
	return &why
}

// again is called by the timer after a bootstrap that has failed.
func (f *family) again() {
	f.node.mu.Lock()
	defer f.node.mu.Unlock()
	if f.node.closed {
		return
	}
	f.begin()
}

// begin has the names looked up, and others asked: those of the configuration, and those
// that are known. The lock is held.
func (f *family) begin() {
	f.begunAt = time.Now()
	f.node.running.Go(func() { f.bootstrap(f.node.config.Saved.Nodes) })
}

// moved begins again if others see us at another address than before, because then the
// network has changed: routers may have other addresses there. The lock is held.
func (f *family) moved(e node.AddressEvent) {
	isNew := f.external.IsValid() && e.External != f.external
	f.external = e.External
	if isNew && time.Since(f.begunAt) >= moveAfter {
		f.begin()
	}
}

// Bootstrap gets to know others again, for instance when the network has changed. The
// names of the routers are looked up again. The Node does so itself if no node answers any
// more, or if others see it at another address.
func (n *Node) Bootstrap() {
	for _, f := range n.families {
		f.again()
	}
}
