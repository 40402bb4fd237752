package e2e

import (
	"crypto/ed25519"
	"encoding/hex"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/shoal-bt/shoal/dht/item"
	"github.com/stretchr/testify/require"
)

// TestDHTTool has "shoal dht" find a peer of libtorrent, read an item that libtorrent stored,
// and store some that libtorrent reads and replaces.
func TestDHTTool(t *testing.T) {
	t.Parallel()
	n := startItemNetwork(t)
	n.theirs.repeat(t, theirCommand{Node: 1, Do: "put", Value: "apple"}, func(a theirAlert) bool {
		return a.Alert == "stored" && a.Count > 0
	})
	n.theirs.do(t, theirCommand{Node: 2, Do: "announce", Hash: theirHash.String()})
	n.ours.awaitPeer(t, theirHash, n.theirs.addrs[2])
	require.Contains(t, n.tool(t, "peers", theirHash.String()), n.theirs.addrs[2].String())

	theirs, ours := item.Item{Value: []byte("5:apple")}, item.Item{Value: []byte("6:cherry")}
	require.Equal(t, "apple", n.tool(t, "get", theirs.Target().String(), "--raw"))
	require.Contains(t, n.tool(t, "put", "cherry"), ours.Target().String())
	n.theirs.repeat(t, theirCommand{Node: 4, Do: "get", Hash: ours.Target().String()}, func(a theirAlert) bool {
		return a.Alert == "item" && a.Hash == ours.Target().String() && a.Value == "cherry"
	})

	key := filepath.Join(t.TempDir(), "key")
	n.tool(t, "put", "value 1", "--key", key, "--new-key", "--salt", "news")
	seed, err := os.ReadFile(key)
	require.NoError(t, err)
	private, err := hex.DecodeString(strings.TrimSpace(string(seed)))
	require.NoError(t, err)
	m := mutableItem{itemNetwork: n, private: ed25519.NewKeyFromSeed(private), salt: "news"}
	m.putTheirs(t, 2, "value 2")
	require.Equal(t, "value 2", n.tool(t, "get", "--key", hex.EncodeToString(m.key()), "--salt", "news", "--raw"))
	n.tool(t, "put", "value 3", "--key", key, "--salt", "news")
	m.awaitTheirs(t, 3, "value 3")
}

// tool runs "shoal dht" and returns what it prints.
func (n itemNetwork) tool(t *testing.T, args ...string) string {
	t.Helper()
	args = append([]string{"dht"}, args...)
	for _, a := range n.theirs.addrs {
		args = append(args, "--bootstrap", a.String())
	}
	out, err := exec.CommandContext(within(t), shoalProgram(t), args...).Output()
	require.NoError(t, err, "%s", out)
	return string(out)
}
