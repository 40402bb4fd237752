package e2e

import (
	_ "embed"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/shoal-bt/shoal/dht"
	"github.com/shoal-bt/shoal/dht/nodeid"
	"github.com/stretchr/testify/require"
)

//go:embed testdata/npmdht.mjs
var npmNodesScript []byte

// npmFolder returns the folder that SHOAL_NPM names, which has bittorrent-dht in node_modules.
// Without SHOAL_NPM it skips the test, even if SHOAL_E2E=required: Debian has no package of
// bittorrent-dht, and a registry of npm may be out of reach.
func npmFolder(t *testing.T) string {
	t.Helper()
	folder := os.Getenv("SHOAL_NPM")
	if folder == "" {
		t.Skip("SHOAL_NPM names no folder with bittorrent-dht. To run this test, install it: npm install --ignore-scripts bittorrent-dht@11.0.12; then SHOAL_NPM=/whole/path go test -run TestDHTNpm ./e2e/...")
	}
	require.True(t, filepath.IsAbs(folder), "SHOAL_NPM is %q; name the folder by its whole path", folder)
	require.FileExists(t, filepath.Join(folder, "node_modules", "bittorrent-dht", "index.js"), "SHOAL_NPM names a folder without bittorrent-dht; install it there with npm")
	_, err := exec.LookPath("node")
	require.NoError(t, err, "SHOAL_NPM is set, but there is no program \"node\"; install Node.js")
	return folder
}

// startNpmNodes starts a node of bittorrent-dht at each address, which begin with each other
// and with some known ones.
func startNpmNodes(t *testing.T, addrs, known []netip.AddrPort) *theirNodes {
	t.Helper()
	folder := npmFolder(t)
	script := filepath.Join(t.TempDir(), "npmdht.mjs")
	require.NoError(t, os.WriteFile(script, npmNodesScript, 0o644))
	return launchNodes(t, "", addrs, "node", script, folder, join(addrs), join(known))
}

func join(addrs []netip.AddrPort) string {
	var texts []string
	for _, a := range addrs {
		texts = append(texts, a.String())
	}
	return strings.Join(texts, ",")
}

// startNpmNetwork starts 6 nodes of bittorrent-dht and some of ours, of which it returns one.
func startNpmNetwork(t *testing.T, ours int) (n itemNetwork) {
	t.Helper()
	var known []netip.AddrPort
	for i := range ours - 1 {
		known = append(known, startOurNode(t, netip.AddrFrom4([4]byte{127, 0, 0, byte(100 + i)}), known, dht.Config{}).addr)
	}
	addrs := loopbackNodes(t, 6)
	n.theirs = startNpmNodes(t, addrs, known)
	n.ours = startOurNode(t, loopback().ours, append(known, addrs...), dht.Config{})
	return n
}

// TestDHTNpm has bittorrent-dht of npm and us find whom the other announced, and store and
// update items. There is one node of ours among theirs, or so many of ours that most answers
// are ours. The last part takes five seconds: bittorrent-dht does not know BEP 43, so it waits
// for answers of those who asked as read-only nodes in the part before.
func TestDHTNpm(t *testing.T) {
	npmFolder(t)
	t.Parallel()
	for _, network := range []struct {
		name string
		ours int
	}{{"among theirs", 1}, {"among ours", 14}} {
		t.Run(network.name, func(t *testing.T) {
			t.Parallel()
			n := startNpmNetwork(t, network.ours)
			t.Run("peers", func(t *testing.T) { exchangePeers(t, n) })
			t.Run("immutable", func(t *testing.T) { exchangeImmutable(t, n) })
			t.Run("mutable", func(t *testing.T) { updateInTurn(t, n, "") })
			t.Run("salted", func(t *testing.T) { updateInTurn(t, n, "room 7") })
		})
	}
}

// exchangePeers has each side find whom the other announced. One node of theirs names a port,
// and another one wants the port that others see (implied_port of BEP 5).
func exchangePeers(t *testing.T, n itemNetwork) {
	named := netip.AddrPortFrom(n.theirs.addrs[1].Addr(), 4444)
	implied := n.theirs.addrs[2]
	n.theirs.announce(t, 1, theirHash, named.Port())
	n.theirs.announce(t, 2, theirHash, 0)
	n.ours.awaitPeer(t, theirHash, named)
	n.ours.awaitPeer(t, theirHash, implied)

	n.ours.announce(t, ourHash, 4321, 0)
	n.theirs.repeat(t, theirCommand{Node: 3, Do: "get_peers", Hash: ourHash.String()}, func(a theirAlert) bool {
		return a.Alert == "peers" && slices.Contains(a.Peers, netip.AddrPortFrom(n.ours.addr.Addr(), 4321))
	})
}

// announce has a node announce a port, and waits until others have stored it.
func (n *theirNodes) announce(t *testing.T, node int, hash nodeid.ID, port uint16) {
	t.Helper()
	n.repeat(t, theirCommand{Node: node, Do: "announce", Hash: hash.String(), Port: port}, func(a theirAlert) bool {
		return a.Alert == "announced" && a.Node == node && a.Count > 0
	})
}
