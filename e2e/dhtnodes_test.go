package e2e

import (
	"context"
	_ "embed"
	"encoding/json"
	"math/rand/v2"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/shoal-bt/shoal/dht"
	"github.com/shoal-bt/shoal/dht/krpc"
	"github.com/shoal-bt/shoal/dht/nodeid"
	"github.com/stretchr/testify/require"
)

//go:embed testdata/ltdht.py
var libtorrentNodesScript []byte

// theirNodes are nodes of another program that know each other, in one process.
type theirNodes struct {
	*process
	addrs []netip.AddrPort
}

// startTheirNodes starts a node of libtorrent at each address. Options are those of the script.
func startTheirNodes(t *testing.T, namespace string, addrs []netip.AddrPort, options ...string) *theirNodes {
	t.Helper()
	need(t, libtorrent{})
	script := filepath.Join(t.TempDir(), "ltdht.py")
	require.NoError(t, os.WriteFile(script, libtorrentNodesScript, 0o644))
	args := append([]string{script}, options...)
	for _, a := range addrs {
		args = append(args, a.String())
	}
	return launchNodes(t, namespace, addrs, python, args...)
}

// launchNodes starts a program that runs a node at each address, and waits until they listen.
func launchNodes(t *testing.T, namespace string, addrs []netip.AddrPort, program string, args ...string) *theirNodes {
	t.Helper()
	n := &theirNodes{launch(t, namespace, program, args...), addrs}
	require.NoError(t, n.await(within(t), func(a theirAlert) bool { return a.Alert == "listening" }))
	return n
}

// A theirCommand is what a node is to do. Bytes are in hexadecimal.
type theirCommand struct {
	Node    int    `json:"node"`
	Do      string `json:"do"`
	Address string `json:"address,omitempty"`
	Port    uint16 `json:"port,omitempty"` // to announce; 0 for the node's own
	Hash    string `json:"hash,omitempty"`
	Seed    string `json:"seed,omitempty"`    // of a private key
	Private string `json:"private,omitempty"` // the same key as libtorrent wants it, expanded
	Key     string `json:"key,omitempty"`
	Salt    string `json:"salt"`
	Value   string `json:"value"`
}

// A theirAlert is what a node reports.
type theirAlert struct {
	Node   int
	Alert  string
	Hash   string
	Peers  []netip.AddrPort
	Hashes []string
	Value  string
	Key    string
	Salt   string
	Seq    int64
	Count  int // of nodes that stored an item
	Final  bool
}

func (n *theirNodes) do(t *testing.T, c theirCommand) {
	t.Helper()
	b, err := json.Marshal(c)
	require.NoError(t, err)
	_, err = n.stdin.Write(append(b, '\n'))
	require.NoError(t, err)
}

// await waits for an alert that f accepts.
func (n *theirNodes) await(ctx context.Context, f func(theirAlert) bool) error {
	return n.line(ctx, func(s string) bool {
		var a theirAlert
		return json.Unmarshal([]byte(s), &a) == nil && f(a)
	})
}

// repeat has a node do something each few seconds until it reports an alert that f accepts:
// a look-up may begin before the node knows others.
func (n *theirNodes) repeat(t *testing.T, c theirCommand, f func(theirAlert) bool) {
	t.Helper()
	all := within(t)
	for {
		n.do(t, c)
		ctx, cancel := context.WithTimeout(all, 3*time.Second)
		err := n.await(ctx, f)
		cancel()
		if err == nil {
			return
		}
		require.NoError(t, all.Err(), "node %d did not: %+v", c.Node, c)
	}
}

// loopbackNodes returns addresses for n nodes on 127.0.0.0/8.
func loopbackNodes(t *testing.T, n int) (addrs []netip.AddrPort) {
	t.Helper()
	for i := range n {
		p := place{theirs: netip.AddrFrom4([4]byte{127, 0, 0, byte(2 + i)})}
		addrs = append(addrs, netip.AddrPortFrom(p.theirs, p.freePort(t)))
	}
	return addrs
}

// An ourNode is a node of ours.
type ourNode struct {
	*dht.Node
	addr netip.AddrPort
}

// startOurNode starts a node at an address, which begins with some known ones. It ends with
// the test.
func startOurNode(t *testing.T, at netip.Addr, known []netip.AddrPort, c dht.Config) *ourNode {
	t.Helper()
	conn, err := net.ListenPacket("udp", netip.AddrPortFrom(at, 0).String())
	require.NoError(t, err)
	for _, a := range known {
		c.Nodes = append(c.Nodes, a.String())
	}
	if at.Is4() {
		c.Conn4 = conn
	} else {
		c.Conn6 = conn
	}
	c.Routers = []string{}
	node, err := dht.Open(c)
	require.NoError(t, err)
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("our node: %+v", *statsOf(node))
		}
		require.NoError(t, node.Close())
		conn.Close()
	})
	return &ourNode{node, conn.LocalAddr().(*net.UDPAddr).AddrPort()}
}

// statsOf returns the statistics of a node of one family.
func statsOf(n *dht.Node) *dht.Stats {
	v4, v6 := n.Stats()
	if v4 != nil {
		return v4
	}
	return v6
}

// ask sends one query from an address to a node, as somebody who answers none, and returns
// the answer.
func ask(t *testing.T, from netip.Addr, to netip.AddrPort, m krpc.Message) krpc.Message {
	t.Helper()
	conn, err := net.DialUDP("udp", net.UDPAddrFromAddrPort(netip.AddrPortFrom(from, 0)), net.UDPAddrFromAddrPort(to))
	require.NoError(t, err)
	defer conn.Close()
	m.Kind, m.ReadOnly, m.Transaction = krpc.Query, true, []byte("once")
	m.ID = nodeid.ForAddr(from, rand.New(rand.NewPCG(1, 1)))
	all := within(t)
	b := make([]byte, 2000)
	for {
		_, err = conn.Write(m.AppendTo(nil))
		require.NoError(t, err)
		conn.SetReadDeadline(time.Now().Add(2 * time.Second))
		n, err := conn.Read(b)
		if err == nil {
			answer, err := krpc.Parse(b[:n])
			require.NoError(t, err)
			return answer
		}
		require.NoError(t, all.Err(), "%v does not answer: %v", to, err)
	}
}

// hasInTable reports whether a node names us, asked for the nodes nearest to us.
func hasInTable(t *testing.T, node netip.AddrPort, ours *ourNode) bool {
	t.Helper()
	answer := ask(t, ours.addr.Addr(), node, krpc.Message{Method: krpc.FindNode, Target: statsOf(ours.Node).ID})
	for _, c := range answer.Nodes {
		if c.Addr == ours.addr {
			return true
		}
	}
	return false
}
