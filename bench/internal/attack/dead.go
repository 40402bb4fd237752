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

// A silence accepts connections at many addresses and never says anything, so that it can
// count how often each was tried. For who dials, that is a peer that is not there.
type silence struct {
	net.Listener

	mu    sync.Mutex
	tries map[netip.Addr]int
	conns []net.Conn
}

// listenSilently begins to accept at every address of this machine.
func listenSilently() (*silence, error) {
	l, err := net.Listen("tcp4", "0.0.0.0:0")
	if err != nil {
		return nil, err
	}
	x := &silence{Listener: l, tries: map[netip.Addr]int{}}
	go x.count()
	return x, nil
}

func (x *silence) count() {
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
func (x *silence) again() (n int) {
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
func (x *silence) Close() error {
	x.mu.Lock()
	defer x.mu.Unlock()
	for _, c := range x.conns {
		c.Close()
	}
	return x.Listener.Close()
}

// deadList returns n dead addresses, with commas between them.
func (s *Setting) deadList(x *silence, n int) string {
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
	x, err := listenSilently()
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
	l.(*net.TCPListener).SetDeadline(began.Add(s.Limit))
	c, err := l.Accept()
	if err == nil {
		c.Close()
	}
	o.figure = time.Since(began).Seconds()
	return o, nil
}
