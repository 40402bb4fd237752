package dhtnode

import (
	"context"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/shoal-bt/shoal/dht"
)

const (
	maxNames  = 50 // that wait
	maxOfOne  = 8  // that are taken from one torrent or link
	maxName   = 260
	lookUpFor = 20 * time.Second // one name
)

// names are nodes that torrents and links name, HOST:PORT each, and that were not asked yet.
type names struct {
	mu      sync.Mutex // guards what follows
	waiting []string
	looking bool // a goroutine looks them up
}

// taken returns the names that wait, which do not wait any more.
func (n *names) taken() []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	all := n.waiting
	n.waiting = nil
	return all
}

// add adds names, as far as there is room.
func (n *names) add(all []string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, name := range all[:min(len(all), maxOfOne)] {
		if len(name) <= maxName && len(n.waiting) < maxNames && !slices.Contains(n.waiting, name) {
			n.waiting = append(n.waiting, name)
		}
	}
}

// Suggest names nodes, HOST:PORT each, that a torrent or a link has. They are asked at once if the
// node is open, and else when it opens.
func (s *Source) Suggest(all []string) {
	if len(all) == 0 {
		return
	}
	s.names.add(all)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.node == nil || s.closed {
		return
	}
	s.names.mu.Lock()
	isFirst := !s.names.looking
	s.names.looking = true
	s.names.mu.Unlock()
	if isFirst {
		s.running.Go(s.lookUp)
	}
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
		s.Add(s.resolve(name)...)
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

// Add names addresses where nodes may be, such as those of peers that sent PORT. They are asked
// when there is time, if the node is open.
func (s *Source) Add(all ...netip.AddrPort) {
	s.mu.Lock()
	node := s.node
	s.mu.Unlock()
	if node != nil && len(all) > 0 {
		node.Add(all...)
	}
}
