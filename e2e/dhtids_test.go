package e2e

import (
	"net"
	"net/netip"
	"os"
	"slices"
	"sync"
	"testing"

	"github.com/shoal-bt/shoal/dht"
	"github.com/shoal-bt/shoal/dht/krpc"
	"github.com/shoal-bt/shoal/dht/nodeid"
	"github.com/stretchr/testify/require"
)

// usePublicNet gives the two ends of the pair addresses that fit only some ids (BEP 42), which
// private ones do not: one of each of 16 networks, n to the namespace and the others to us,
// until the test ends. They are of the range for measurements, 198.18.0.0/15, and lead nowhere.
func usePublicNet(t *testing.T, n int) (theirs, ours []netip.Addr) {
	t.Helper()
	lan.need(t)
	base := choosePublicNet()
	for i := range 16 {
		addr := netip.AddrFrom4([4]byte{198, base[0], base[1] + byte(i), 1})
		end, options := "a", []string(nil)
		if i < n {
			end, options = "b", []string{"-n", lan.name}
		}
		change := func(verb string) error {
			return ip(append(slices.Clone(options), "addr", verb, addr.String()+"/20", "dev", lan.link(end))...)
		}
		require.NoError(t, change("add"))
		t.Cleanup(func() { change("del") }) // the first takes others with it
		if i < n {
			theirs = append(theirs, addr)
		} else {
			ours = append(ours, addr)
		}
	}
	return theirs, ours
}

// choosePublicNet returns the second and third byte of the first of 16 networks in which no
// interface of ours has an address.
func choosePublicNet() (base [2]byte) {
	used := make(map[[2]byte]bool)
	all, _ := net.InterfaceAddrs()
	for _, a := range all {
		n, err := netip.ParsePrefix(a.String())
		if err == nil && n.Addr().Is4() {
			b := n.Addr().As4()
			used[[2]byte{b[1], b[2] &^ 15}] = true
		}
	}
	for i := range 32 {
		k := (os.Getpid() + i) % 32
		base = [2]byte{byte(18 + k/16), byte(k%16) << 4}
		if !used[base] {
			break
		}
	}
	return base
}

// TestDHTEnforced has nodes of libtorrent and one of ours ignore nodes whose ids do not fit
// their addresses. Nobody has told ours its address, so at first its own id does not fit.
// Another one of ours merely prefers ids that fit. Both know eight hostile nodes, whose ids
// are the nearest to what is announced and do not fit. These take nobody's place.
func TestDHTEnforced(t *testing.T) {
	t.Parallel()
	theirAddrs, ourAddrs := usePublicNet(t, 6)
	var addrs []netip.AddrPort
	for _, a := range theirAddrs {
		addrs = append(addrs, netip.AddrPortFrom(a, 6881))
	}
	theirs := startTheirNodes(t, lan.name, addrs, "--enforce")
	hostile := startHostileNodes(t, ourAddrs[2:], ourHash)
	strict := startOurNode(t, ourAddrs[0], append(addrs, hostile.addrs...), dht.Config{EnforceIDs: true})
	plain := startOurNode(t, ourAddrs[1], append(addrs, hostile.addrs...), dht.Config{})
	for _, n := range []*ourNode{strict, plain} {
		for _, a := range addrs {
			until(t, func() bool { return hasInTable(t, a, n) })
		}
		require.Equal(t, n.addr.Addr(), statsOf(n.Node).External)
		require.True(t, nodeid.Fits(statsOf(n.Node).ID, n.addr.Addr()))
	}

	strict.announceAt(t, ourHash, 4321, addrs)
	require.Zero(t, hostile.announces())
	for _, c := range strict.Nodes(ourHash) {
		require.NotContains(t, hostile.addrs, c.Addr)
	}
	plain.announceAt(t, ourHash, 4322, addrs)
	theirs.do(t, theirCommand{Node: 2, Do: "announce", Hash: theirHash.String()})
	strict.awaitPeer(t, theirHash, addrs[2])

	// Nobody who enforces ids answers one of ours that is wrong about its address.
	wrong := startOurNode(t, ourAddrs[0], append(addrs, strict.addr), dht.Config{External4: netip.MustParseAddr("203.0.113.9")})
	_, err := wrong.Find(within(t), theirHash)
	require.ErrorIs(t, err, dht.ErrNoNodes)
	require.Positive(t, statsOf(strict.Node).Refused)
	require.False(t, hasInTable(t, addrs[0], wrong))
}

// hostileNodes are nodes whose ids are next to a target. They name one another, and give
// a token to everybody.
type hostileNodes struct {
	addrs []netip.AddrPort

	mu        sync.Mutex
	announced int
}

// startHostileNodes starts a hostile node at each address, until the test ends.
func startHostileNodes(t *testing.T, at []netip.Addr, target nodeid.ID) *hostileNodes {
	t.Helper()
	h := &hostileNodes{}
	var conns []*net.UDPConn
	var all []krpc.Contact
	for i, a := range at {
		conn, err := net.ListenUDP("udp4", net.UDPAddrFromAddrPort(netip.AddrPortFrom(a, 0)))
		require.NoError(t, err)
		id := target
		id[19] ^= byte(1 + i)
		addr := conn.LocalAddr().(*net.UDPAddr).AddrPort()
		require.False(t, nodeid.Fits(id, addr.Addr()))
		conns, h.addrs, all = append(conns, conn), append(h.addrs, addr), append(all, krpc.Contact{ID: id, Addr: addr})
	}
	var running sync.WaitGroup
	for i, conn := range conns {
		running.Go(func() { h.serve(conn, all[i].ID, all) })
	}
	t.Cleanup(func() {
		for _, conn := range conns {
			conn.Close()
		}
		running.Wait()
	})
	return h
}

// serve answers what comes until the socket is closed.
func (h *hostileNodes) serve(conn *net.UDPConn, id nodeid.ID, all []krpc.Contact) {
	b := make([]byte, krpc.MaxDatagram)
	for {
		n, from, err := conn.ReadFromUDPAddrPort(b)
		if err != nil {
			return
		}
		m, err := krpc.Parse(b[:n])
		if err != nil || m.Kind != krpc.Query {
			continue
		}
		if m.Method == krpc.AnnouncePeer {
			h.mu.Lock()
			h.announced++
			h.mu.Unlock()
		}
		answer := krpc.Message{
			Kind:        krpc.Response,
			Transaction: m.Transaction,
			ID:          id,
			Nodes:       all,
			HasNodes:    true,
			Token:       []byte("any"),
			External:    from,
		}
		conn.WriteToUDPAddrPort(answer.AppendTo(nil), from)
	}
}

// announces returns how many announces the hostile nodes got.
func (h *hostileNodes) announces() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.announced
}
