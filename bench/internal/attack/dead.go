package attack

import (
	"context"
	"net"
	"net/netip"
	"os"
	"strings"
	"sync"
	"time"
)

// deadAddressCount is the number of addresses where nobody answers.
const deadAddressCount = 200

// deadPeers accept connections at many addresses and never say anything. To a peer that
// dials they are as good as not there, and how often each is tried can be counted.
type deadPeers struct {
	net.Listener

	mu    sync.Mutex
	tries map[netip.Addr]int
	conns []net.Conn
}

// listenAsDead accepts from now on at every address of this machine.
func listenAsDead() (*deadPeers, error) {
	l, err := net.Listen("tcp4", "0.0.0.0:0")
	if err != nil {
		return nil, err
	}
	x := &deadPeers{Listener: l, tries: map[netip.Addr]int{}}
	go x.count()
	return x, nil
}

func (x *deadPeers) count() {
	for {
		c, err := x.Accept()
		if err != nil {
			return
		}
		x.mu.Lock()
		x.tries[c.LocalAddr().(*net.TCPAddr).AddrPort().Addr().Unmap()]++
		x.conns = append(x.conns, c)
		x.mu.Unlock()
	}
}

// again returns how many addresses were tried more than once.
func (x *deadPeers) again() (n int) {
	x.mu.Lock()
	defer x.mu.Unlock()
	for _, tries := range x.tries {
		if tries > 1 {
			n++
		}
	}
	return n
}

// Close ends everything.
func (x *deadPeers) Close() error {
	x.mu.Lock()
	defer x.mu.Unlock()
	for _, c := range x.conns {
		c.Close()
	}
	return x.Listener.Close()
}

// deadList returns n dead addresses, with commas between them.
func (s *Setting) deadList(x *deadPeers, n int) string {
	port := uint16(x.Addr().(*net.TCPAddr).Port)
	var all []string
	for i := range n {
		a := netip.AddrFrom4([4]byte{s.First, 19, byte(1 + i/100), byte(1 + i%100)})
		all = append(all, netip.AddrPortFrom(a, port).String())
	}
	return strings.Join(all, ",")
}

// deadAddresses measures how long the program takes to connect to an honest seed that the
// user names after many dead addresses.
func deadAddresses(ctx context.Context, s *Setting, attackers bool) (o outcome, err error) {
	t, err := s.torrent(ctx, 16<<20)
	if err != nil {
		return o, err
	}
	dir, err := os.MkdirTemp(s.Dir, "get-")
	if err != nil {
		return o, err
	}
	defer os.RemoveAll(dir)
	l, err := listen(s.honest(0))
	if err != nil {
		return o, err
	}
	defer l.Close()
	x, err := listenAsDead()
	if err != nil {
		return o, err
	}
	defer x.Close()
	flags := []string{}
	if attackers {
		flags = append(flags, "--peer", s.deadList(x, s.some(deadAddressCount)))
	}
	p, _, err := s.get(ctx, t, dir, append(flags, "--peer", l.Addr().String())...)
	if err != nil {
		return o, err
	}
	defer p.kill()
	began := time.Now()
	defer context.AfterFunc(ctx, func() { l.Close() })()
	l.(*net.TCPListener).SetDeadline(began.Add(s.Limit))
	c, err := l.Accept()
	if err == nil {
		c.Close()
	}
	o.figure = time.Since(began).Seconds()
	return o, nil
}
