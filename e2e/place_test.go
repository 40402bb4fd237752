package e2e

import (
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
)

// A place is where a client runs and by which address we meet.
type place struct {
	namespace string     // of the network; "" for that of the test
	theirs    netip.Addr // the client's
	ours      netip.Addr
}

// loopback is the place of clients that have peers on 127.0.0.0/8.
func loopback() place {
	local := netip.AddrFrom4([4]byte{127, 0, 0, 1})
	return place{theirs: local, ours: local}
}

// A network is a namespace joined to ours by a pair of virtual interfaces. It
// leads nowhere else. Its other end has many addresses, one for each client, and
// our end has some more for tests in which each client needs its own.
type network struct {
	once   sync.Once
	why    string // why there is none
	name   string
	isMade bool
	prefix [3]byte

	mu   sync.Mutex
	last byte   // the highest address given out
	free []byte // those that were given back, the first one first
	port uint16 // the last one given out
}

// lan is made when a test needs it first, and taken away by TestMain.
var lan = network{name: lanPrefix + strconv.Itoa(os.Getpid()), last: 2, port: 20000}

// making is held while a network is made.
var making sync.Mutex

// Names of namespaces begin in one of these ways, which are equally long. Our process id
// follows, and a dash and a number for a network of one test.
const (
	lanPrefix = "shoal-e2e-"
	ownPrefix = "shoal-own-"
)

// apart returns a place in a network namespace, with an address of its own.
func apart(t *testing.T) place {
	t.Helper()
	lan.need(t)
	theirs := lan.assign(t, "b", "-n", lan.name)
	return place{namespace: lan.name, theirs: theirs, ours: lan.addr(1)}
}

// ownAddr returns an address on our side of the network that no other client has.
func ownAddr(t *testing.T) netip.Addr {
	t.Helper()
	lan.need(t)
	return lan.assign(t, "a")
}

// ownNetwork returns a network that no other test uses, until the test ends.
func ownNetwork(t *testing.T) *network {
	t.Helper()
	n := &network{name: fmt.Sprintf("%s%d-%d", ownPrefix, os.Getpid(), networks.Add(1)), last: 2}
	t.Cleanup(n.remove)
	n.need(t)
	return n
}

// networks counts those that ownNetwork made.
var networks atomic.Int32

// need makes the network, or skips the test if that is impossible.
func (n *network) need(t *testing.T) {
	t.Helper()
	n.once.Do(n.make)
	if n.why != "" {
		lack(t, "no network namespace: %s", n.why)
	}
}

// inside returns the place of two clients in the network, which meet on its own loopback.
func (n *network) inside() place {
	here := loopback()
	here.namespace = n.name
	return here
}

// assign gives an end of the pair one more address, until the test ends. Options of the
// command ip say where that end is.
func (n *network) assign(t *testing.T, end string, options ...string) netip.Addr {
	t.Helper()
	last := n.take()
	addr := n.addr(last)
	change := func(verb string) error {
		return ip(append(slices.Clone(options), "addr", verb, addr.String()+"/24", "dev", n.link(end))...)
	}
	require.NoError(t, change("add"))
	t.Cleanup(func() {
		require.NoError(t, change("del"))
		n.giveBack(last)
	})
	return addr
}

// take returns the last byte of an address that nobody has: one that nobody had yet, or else
// the one that was given back first. While a kernel still looks for who had an address, what it
// sends to the next one is lost.
func (n *network) take() byte {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.last == 254 {
		last := n.free[0]
		n.free = n.free[1:]
		return last
	}
	n.last++
	return n.last
}

func (n *network) giveBack(last byte) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.free = append(n.free, last)
}

// freePort returns a port that is free at this place. Nobody else is there.
func (p place) freePort(t *testing.T) uint16 {
	t.Helper()
	if p.namespace != "" {
		lan.mu.Lock()
		defer lan.mu.Unlock()
		lan.port++
		return lan.port
	}
	l, err := net.Listen("tcp", netip.AddrPortFrom(p.theirs, 0).String())
	require.NoError(t, err)
	defer l.Close()
	return l.Addr().(*net.TCPAddr).AddrPort().Port()
}

func (n *network) addr(last byte) netip.Addr {
	return netip.AddrFrom4([4]byte{n.prefix[0], n.prefix[1], n.prefix[2], last})
}

// link names an end of the pair; names are at most 15 bytes.
func (n *network) link(end string) string { return "se" + n.name[len(lanPrefix):] + end }

func (n *network) make() {
	if _, err := exec.LookPath("ip"); err != nil {
		n.why = err.Error()
		return
	}
	if os.Geteuid() != 0 {
		n.why = "that takes root"
		return
	}
	making.Lock() // so that no other takes the same prefix
	defer making.Unlock()
	sweep()
	n.isMade = true // in part, at least
	n.choosePrefix()
	a, b := n.link("a"), n.link("b")
	for _, args := range [][]string{
		{"netns", "add", n.name},
		{"link", "add", a, "type", "veth", "peer", "name", b, "netns", n.name},
		{"addr", "add", n.addr(1).String() + "/24", "dev", a},
		{"link", "set", a, "up"},
		{"-n", n.name, "link", "set", "lo", "up"},
		// The first address stays: with it the others would go.
		{"-n", n.name, "addr", "add", n.addr(2).String() + "/24", "dev", b},
		{"-n", n.name, "link", "set", b, "up"},
	} {
		if err := ip(args...); err != nil {
			n.why = err.Error()
			n.remove()
			return
		}
	}
}

// choosePrefix takes a /24 that no interface of ours has an address in.
func (n *network) choosePrefix() {
	used := make(map[[3]byte]bool)
	all, _ := net.InterfaceAddrs()
	for _, a := range all {
		if p, err := netip.ParsePrefix(a.String()); err == nil && p.Addr().Is4() {
			b := p.Addr().As4()
			used[[3]byte(b[:3])] = true
		}
	}
	pid := os.Getpid()
	for i := range 1 << 14 {
		n.prefix = [3]byte{10, byte(192 + (pid>>8+i>>8)&63), byte(pid + i)}
		if !used[n.prefix] {
			return
		}
	}
}

// remove takes the namespace away, and with it both interfaces.
func (n *network) remove() {
	if n.isMade {
		ip("link", "del", n.link("a"))
		ip("netns", "del", n.name)
	}
}

// sweep takes away namespaces of runs that were killed.
func sweep() {
	entries, _ := os.ReadDir("/run/netns")
	for _, e := range entries {
		pid, ok := strings.CutPrefix(e.Name(), lanPrefix)
		if !ok {
			pid, ok = strings.CutPrefix(e.Name(), ownPrefix)
		}
		pid, _, _ = strings.Cut(pid, "-")
		if _, err := os.Stat("/proc/" + pid); ok && os.IsNotExist(err) {
			(&network{name: e.Name(), isMade: true}).remove()
		}
	}
}

func ip(args ...string) error {
	out, err := exec.Command("ip", args...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("ip %s: %w: %s", strings.Join(args, " "), err, out)
	}
	return nil
}
