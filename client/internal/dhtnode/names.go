package dhtnode

import (
	"context"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/shoal-bt/shoal/dht"
)

const (
	maxNames  = 50 // that wait
	maxOfOne  = 8  // that are taken from one torrent or link
	ofOneHost = 4  // that wait
	maxName   = 260
	lookUpFor = 20 * time.Second // one name
)

// names are nodes that torrents, links and peers name, HOST:PORT each, and that were not asked
// yet.
type names struct {
	mu      sync.Mutex // guards what follows; not held during I/O
	waiting []string
	open    bool // there is a node that can ask them
	looking bool // a goroutine looks them up
	closed  bool
}

// opened says that there is a node, and returns the names that wait, which do not wait any more.
func (n *names) opened() []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	all := n.waiting
	n.waiting, n.open = nil, true
	return all
}

// closeNode says that there is no node. forGood says that there will be none.
func (n *names) closeNode(forGood bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.open, n.closed = false, n.closed || forGood
}

// addLocked adds names, as far as there is room. The caller holds mu.
func (n *names) addLocked(all []string) {
	for _, name := range all[:min(len(all), maxOfOne)] {
		if len(name) <= maxName && len(n.waiting) < maxNames && n.mayWaitLocked(name) {
			n.waiting = append(n.waiting, name)
		}
	}
}

// mayWaitLocked reports whether one more name of a host may wait: a peer that names many ports as its
// node's must not keep others out. The caller holds mu.
func (n *names) mayWaitLocked(name string) bool {
	host := hostOf(name)
	same := 0
	for _, o := range n.waiting {
		if o == name {
			return false
		}
		if hostOf(o) == host {
			same++
		}
	}
	return same < ofOneHost
}

// hostOf returns a name without its port.
func hostOf(name string) string { return name[:max(0, strings.LastIndexByte(name, ':'))] }

// Suggest names nodes, HOST:PORT each, that a torrent, a link or a peer has. They are asked soon
// if the node is open, and else when it opens. Suggest does not block.
func (s *Source) Suggest(all ...string) {
	n := &s.names
	n.mu.Lock()
	defer n.mu.Unlock()
	n.addLocked(all)
	if len(n.waiting) == 0 || !n.open || n.looking || n.closed {
		return
	}
	n.looking = true
	s.running.Go(s.lookUp)
}

// lookUp looks names up, one after the other, until none waits.
func (s *Source) lookUp() {
	for {
		s.names.mu.Lock()
		isDone := len(s.names.waiting) == 0 || s.context.Err() != nil
		if isDone {
			s.names.looking = false
			s.names.mu.Unlock()
			return
		}
		name := s.names.waiting[0]
		s.names.waiting = s.names.waiting[1:]
		s.names.mu.Unlock()
		s.add(s.resolve(name))
	}
}

// resolve returns the addresses of a name; none if it cannot be looked up.
func (s *Source) resolve(name string) (all []netip.AddrPort) {
	host, text, err := net.SplitHostPort(name)
	if err != nil {
		return nil
	}
	port, err := strconv.ParseUint(text, 10, 16)
	if err != nil || port == 0 {
		return nil
	}
	var resolver dht.Resolver = net.DefaultResolver
	if s.config.Node.Resolver != nil {
		resolver = s.config.Node.Resolver
	}
	ctx, cancel := context.WithTimeout(s.context, lookUpFor)
	defer cancel()
	found, err := resolver.LookupNetIP(ctx, "ip", host)
	if err != nil {
		return nil
	}
	for _, a := range found {
		all = append(all, netip.AddrPortFrom(a.Unmap(), uint16(port)))
	}
	return all
}

// add names addresses where nodes may be. They are asked when there is time.
func (s *Source) add(all []netip.AddrPort) {
	s.mu.Lock()
	node := s.node
	s.mu.Unlock()
	if node != nil && len(all) > 0 {
		node.Add(all...)
	}
}
