package main

import (
	"context"
	"crypto/rand"
	"crypto/sha1"
	"encoding/hex"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/shoal-bt/shoal/dht"
	"github.com/shoal-bt/shoal/dht/nodeid"
	"github.com/shoal-bt/shoal/swarm"
)

const (
	maxConns     = 64 // of a room
	maxOfNetwork = 8  // of one IPv4 address, or one IPv6 /64
	maxDials     = 8  // at a time
	searchEvery  = time.Minute
	dialLimit    = 5 * time.Second
)

// A room is a chat that this program takes part in.
type room struct {
	node     *dht.Node
	hash     swarm.ID
	me       greeting
	listener net.Listener
	show     func(text string) // called one at a time
	leave    func()            // closes all connections, and waits until nothing runs

	running   sync.WaitGroup
	showing   sync.Mutex
	dials     chan struct{} // as many as are under way
	announced chan struct{} // closed after the first announce

	mu      sync.Mutex
	members map[string]*member // by id
	conns   map[netip.Addr]int // by network, also those that have not said who they are
	all     int                // of conns
	dialAt  map[netip.AddrPort]time.Time
}

// enter listens at an address, announces the room in the DHT, and connects to the others,
// until ctx is done or leave is called. show is called with what they do and say.
func enter(ctx context.Context, node *dht.Node, listen, name, nick string, show func(text string)) (*room, error) {
	nick = clean(nick)
	if nick == "" || len(nick) > maxName {
		return nil, fmt.Errorf("%q is not a name; give one of 1 to %d bytes", nick, maxName)
	}
	listener, err := net.Listen("tcp4", listen)
	if err != nil {
		return nil, err
	}
	var id [8]byte
	rand.Read(id[:])
	hash := sha1.Sum([]byte(name))
	r := &room{
		node:      node,
		hash:      hash,
		me:        greeting{hash, hex.EncodeToString(id[:]), nick},
		listener:  listener,
		show:      show,
		dials:     make(chan struct{}, maxDials),
		announced: make(chan struct{}),
		members:   make(map[string]*member),
		conns:     make(map[netip.Addr]int),
		dialAt:    make(map[netip.AddrPort]time.Time),
	}
	ctx, cancel := context.WithCancel(ctx)
	r.leave = func() {
		cancel()
		listener.Close()
		r.running.Wait()
	}
	r.running.Go(func() { r.accept(ctx) })
	r.running.Go(func() { r.meet(ctx) })
	return r, nil
}

// waitAnnounced waits until others can find us.
func (r *room) waitAnnounced(ctx context.Context) error {
	select {
	case <-r.announced:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// meet announces the room every 15 minutes, and looks for others each minute.
func (r *room) meet(ctx context.Context) {
	me := swarm.Announcement{
		Swarm: r.hash,
		Port:  uint16(r.listener.Addr().(*net.TCPAddr).Port),
		Left:  1, // a seed would not be named to seeds
	}
	var announceAt time.Time
	for {
		if now := time.Now(); now.Before(announceAt) {
			for addr, err := range r.node.Peers(ctx, nodeid.ID(r.hash)) {
				if err == nil {
					r.dial(ctx, addr)
				}
			}
		} else {
			answer, err := r.node.Announce(ctx, me, func(a swarm.Address) { r.dial(ctx, a.AddrPort) })
			announceAt = now.Add(answer.Next)
			r.reportAnnounce(ctx, err)
		}
		select {
		case <-time.After(searchEvery):
		case <-ctx.Done():
			return
		}
	}
}

// reportAnnounce says whether others can find us.
func (r *room) reportAnnounce(ctx context.Context, err error) {
	if err != nil && ctx.Err() == nil {
		r.tell(fmt.Sprintf("(others cannot find this room: %v)", err))
	}
	select {
	case <-r.announced:
	default:
		if err == nil {
			close(r.announced)
		}
	}
}

// dial connects to an address that may be a member's, once a minute at most.
func (r *room) dial(ctx context.Context, addr netip.AddrPort) {
	addr = netip.AddrPortFrom(addr.Addr().Unmap(), addr.Port())
	if !r.mayDial(addr) {
		return
	}
	select {
	case r.dials <- struct{}{}:
	default:
		return // the next search names it again
	}
	r.running.Go(func() {
		dialer := net.Dialer{Timeout: dialLimit}
		c, err := dialer.DialContext(ctx, "tcp", addr.String())
		<-r.dials
		if err == nil {
			r.serve(ctx, c, true)
		}
	})
}

func (r *room) mayDial(addr netip.AddrPort) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := time.Now()
	for a, at := range r.dialAt {
		if now.Sub(at) >= searchEvery {
			delete(r.dialAt, a)
		}
	}
	_, isRecent := r.dialAt[addr]
	if isRecent || r.all >= maxConns/2 {
		return false
	}
	r.dialAt[addr] = now
	return true
}

// accept takes connections of others.
func (r *room) accept(ctx context.Context) {
	for {
		c, err := r.listener.Accept()
		switch {
		case ctx.Err() != nil:
			if err == nil {
				c.Close()
			}
			return
		case err != nil: // such as too many open files
			select {
			case <-time.After(time.Second):
			case <-ctx.Done():
			}
			continue
		}
		r.running.Go(func() { r.serve(ctx, c, false) })
	}
}

// serve is one connection, from the greeting to its end. It counts for its network, so that
// one machine cannot take all places.
func (r *room) serve(ctx context.Context, c net.Conn, dialed bool) {
	defer c.Close()
	defer context.AfterFunc(ctx, func() { c.Close() })()
	network := networkOf(c.RemoteAddr())
	if !r.reserve(network, 1) {
		return
	}
	defer r.reserve(network, -1)
	m, err := greet(c, r.me, dialed)
	if err != nil {
		return
	}
	isAdded, isNew := r.add(m)
	if !isAdded {
		return
	}
	if isNew {
		r.tell(m.name + " is here")
	}
	r.running.Go(m.write)
	m.read(func(text string) { r.tell(m.name + ": " + text) })
	if r.remove(m) && ctx.Err() == nil { // else it is we who leave
		r.tell(m.name + " has left")
	}
}

// reserve counts a connection of a network, or with -1 its end.
func (r *room) reserve(network netip.Addr, n int) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if n > 0 && (r.all >= maxConns || r.conns[network] >= maxOfNetwork) {
		return false
	}
	r.all += n
	r.conns[network] += n
	if r.conns[network] == 0 {
		delete(r.conns, network)
	}
	return true
}

// networkOf returns an IPv4 address, or the first one of an IPv6 /64.
func networkOf(a net.Addr) netip.Addr {
	addr := a.(*net.TCPAddr).AddrPort().Addr().Unmap()
	if addr.Is4() {
		return addr
	}
	network, _ := addr.Prefix(64)
	return network.Addr()
}

// add takes a member in, who is new unless another connection to it ends for that. Two who
// dial each other have two connections; both keep that which the one with the lower id dialed.
func (r *room) add(m *member) (isAdded, isNew bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if m.id == r.me.id { // we dialed ourselves
		return false, false
	}
	old := r.members[m.id]
	if old == nil {
		r.members[m.id] = m
		return true, true
	}
	byLower := m.dialed == (r.me.id < m.id)
	if !byLower || old.dialed == m.dialed {
		return false, false
	}
	old.close()
	r.members[m.id] = m
	return true, false
}

// remove forgets a member, and reports false if another connection has taken its place.
func (r *room) remove(m *member) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	m.close()
	if r.members[m.id] != m {
		return false
	}
	delete(r.members, m.id)
	return true
}

// say sends a line to all. A member that does not read is left.
func (r *room) say(text string) {
	text = clean(text)
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, m := range r.members {
		m.queue(text)
	}
}

// tell shows one line at a time.
func (r *room) tell(text string) {
	r.showing.Lock()
	defer r.showing.Unlock()
	r.show(text)
}
