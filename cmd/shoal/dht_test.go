package main

import (
	"net"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shoal-bt/shoal/bencode"
	"github.com/shoal-bt/shoal/dht"
	dhtitem "github.com/shoal-bt/shoal/dht/item"
	"github.com/shoal-bt/shoal/dht/krpc"
	"github.com/shoal-bt/shoal/dht/nodeid"
	"github.com/shoal-bt/shoal/metainfo"
	"github.com/shoal-bt/shoal/swarm"
)

// openNode opens a node on loopback, which ends with the test.
func openNode(t *testing.T, bootstrap ...string) (n *dht.Node, address string) {
	t.Helper()
	conn, err := net.ListenPacket("udp4", "127.0.0.1:0")
	require.NoError(t, err)
	n, err = dht.Open(dht.Config{
		Conn4:          conn,
		Routers:        []string{},
		Nodes:          bootstrap,
		QueriesPerAddr: -1, // all of them have one
		Queries:        -1,
	})
	require.NoError(t, err)
	t.Cleanup(func() {
		require.NoError(t, n.Close())
		require.NoError(t, conn.Close())
	})
	return n, conn.LocalAddr().String()
}

// startDHT starts a DHT of its own on loopback and returns the addresses of its nodes.
func startDHT(t *testing.T) (addresses []string) {
	t.Helper()
	for range 4 {
		n, address := openNode(t, addresses...)
		if len(addresses) > 0 {
			_, err := n.Find(t.Context(), nodeid.ID{})
			require.NoError(t, err)
		}
		addresses = append(addresses, address)
	}
	return addresses
}

// announce says in a DHT that peers have a torrent, of which the first is a seed.
func announce(t *testing.T, bootstrap string, id swarm.ID, ports ...uint16) {
	t.Helper()
	n, _ := openNode(t, bootstrap)
	for i, port := range ports {
		_, err := n.Announce(t.Context(), swarm.Announcement{Swarm: id, Port: port, Left: int64(i)}, func(swarm.Address) {})
		require.NoError(t, err)
	}
}

// TestDHTPing asks a node that is there, and one that is not.
func TestDHTPing(t *testing.T) {
	isolate(t)
	node := startDHT(t)[0]
	stdout, _ := shoal(t, exitOK, "dht", "ping", node)
	require.Regexp(t, `^`+regexp.QuoteMeta(node)+` answered in \d+\.\d ms\n  id        [0-9a-f]{40}\n  program   SL\\x00\\x01\n$`, stdout)
	stdout, _ = shoal(t, exitOK, "dht", "ping", node, "--json")
	o := event(t, stdout, "pong")
	require.Equal(t, node, o["node"])
	require.Equal(t, `SL\x00\x01`, o["version"])
	require.Len(t, o["id"], 40)
	silent, err := net.ListenPacket("udp4", "127.0.0.1:0")
	require.NoError(t, err)
	defer silent.Close()
	_, stderr := shoal(t, exitFailed, "dht", "ping", silent.LocalAddr().String())
	require.Contains(t, stderr, silent.LocalAddr().String()+" does not answer\n  Check the address and the port.")
}

// TestDHTPingRefused asks a node that answers with an error, whose text a terminal must not obey.
func TestDHTPingRefused(t *testing.T) {
	isolate(t)
	node, err := net.ListenPacket("udp4", "127.0.0.1:0")
	require.NoError(t, err)
	defer node.Close()
	go func() {
		b := make([]byte, krpc.MaxDatagram)
		for {
			n, from, err := node.ReadFrom(b)
			if err != nil {
				return
			}
			q, _ := krpc.Parse(b[:n])
			a := krpc.Message{Kind: krpc.Failure, Transaction: q.Transaction, Code: krpc.ServerError, Text: "\x1b[31mbusy"}
			node.WriteTo(a.AppendTo(nil), from)
		}
	}()
	address := node.LocalAddr().String()
	for _, command := range []string{"ping", "sample"} {
		_, stderr := shoal(t, exitFailed, "dht", command, address)
		require.Equal(t, "shoal: "+address+" answered that it does not help: error 202: \\x1b[31mbusy\n  Try again later, or ask another node.\n", stderr)
	}
}

// TestDHTTorrents finds, counts and samples the peers of a torrent.
func TestDHTTorrents(t *testing.T) {
	isolate(t)
	makeContent(t, 1<<18)
	nodes := startDHT(t)
	shoal(t, exitOK, "create", "album")
	torrent, err := metainfo.ReadFile("album.torrent")
	require.NoError(t, err)
	id := torrent.IDs()[0]
	_, stderr := shoal(t, exitFailed, "dht", "peers", "album.torrent", "--bootstrap", nodes[1])
	require.Contains(t, stderr, "nobody announces this torrent in the DHT\n")
	stdout, _ := shoal(t, exitOK, "dht", "scrape", "album.torrent", "--bootstrap", nodes[1])
	require.Equal(t, id.String()+"  nobody announces it\n", stdout)
	announce(t, nodes[0], id, 7001)

	want := "127.0.0.1:7001\n"
	for _, source := range []string{"album.torrent", id.String(), "magnet:?xt=urn:btih:" + id.String()} {
		stdout, stderr = shoal(t, exitOK, "dht", "peers", source, "--bootstrap", nodes[2]+","+nodes[1])
		require.Equal(t, want, stdout, source)
		require.Empty(t, stderr)
	}
	stdout, _ = shoal(t, exitOK, "dht", "peers", "album.torrent", "--bootstrap", nodes[2], "--json")
	require.Equal(t, []map[string]any{{"event": "peer", "torrent": id.String(), "peer": "127.0.0.1:7001"}}, objects(t, stdout))
	stdout, _ = shoal(t, exitOK, "dht", "scrape", "album.torrent", "--bootstrap", nodes[2])
	require.Equal(t, id.String()+"  about 1 seed, 0 leechers\n", stdout)
	stdout, _ = shoal(t, exitOK, "dht", "scrape", "album.torrent", "--bootstrap", nodes[2], "--json")
	require.Equal(t, []map[string]any{{"event": "scraped", "torrent": id.String(), "seeds": 1.0, "leechers": 0.0}}, objects(t, stdout))

	stdout, _ = shoal(t, exitOK, "dht", "sample", nodes[3])
	require.Contains(t, stdout, nodes[3]+" knows 1 torrent\n  "+id.String()+"\n")
	stdout, _ = shoal(t, exitOK, "dht", "sample", "--bootstrap", nodes[3])
	require.Contains(t, stdout, "  "+id.String()+"\n")
	require.Contains(t, stdout, " nodes named 1 torrent.\n")
	stdout, _ = shoal(t, exitOK, "dht", "sample", "album.torrent", "--bootstrap", nodes[3], "--json")
	o := event(t, stdout, "sample")
	require.Equal(t, []any{id.String()}, o["torrents"])
	require.EqualValues(t, 1, o["total"])
	stdout, _ = shoal(t, exitOK, "dht", "nodes", "album.torrent", "--bootstrap", nodes[3], "--json")
	var found []string
	for _, o := range objects(t, stdout) {
		require.Equal(t, id.String(), o["target"])
		found = append(found, o["node"].(string))
	}
	require.Subset(t, found, nodes)
	stdout, _ = shoal(t, exitOK, "dht", "nodes", id.String(), "--bootstrap", nodes[3])
	require.Regexp(t, `^([0-9a-f]{40}  127.0.0.1:\d+\n)+$`, stdout)
}

// TestDHTRepeat stores an item until it is stopped, which is no failure, or until somebody
// replaces the item.
func TestDHTRepeat(t *testing.T) {
	isolate(t)
	node := startDHT(t)[0]
	args := []string{"dht", "put", "--repeat", "--bootstrap", node}
	r := start(t, append(args, "hello")...)
	r.out.await(t, "It is stored again each hour, until Ctrl-C.")
	r.stop()
	r.wait(t, exitOK)
	shoal(t, exitOK, "dht", "put", "1", "--key", "my.key", "--new-key", "--bootstrap", node)
	_, stderr := shoal(t, exitFailed, append(args, "2", "--key", "my.key", "--cas", "7")...)
	require.Equal(t, 1, strings.Count(stderr, "the version that is stored is not the one to replace"))
}

// TestDHTHidesPrivateTorrents checks that no command shows the DHT the hash of a private torrent.
func TestDHTHidesPrivateTorrents(t *testing.T) {
	isolate(t)
	makeContent(t, 1<<18)
	shoal(t, exitOK, "create", "album", "--private", "--announce", "http://tracker.example/announce")
	for _, command := range []string{"peers", "scrape", "sample", "nodes"} {
		_, stderr := shoal(t, exitFailed, "dht", command, "album.torrent", "--bootstrap", "127.0.0.1:1")
		require.Contains(t, stderr, "the torrent is private, so the DHT must not learn of it\n  Ask its tracker")
	}
}

// TestDHTItems stores items, prints the command that reads them, and reads them with it.
func TestDHTItems(t *testing.T) {
	dir := isolate(t)
	node := startDHT(t)[0]
	require.NoError(t, os.WriteFile("note.txt", []byte("first\x1b[31m\nsecond\n"), 0o666))
	for _, test := range []struct {
		args []string
		want string // of get
	}{
		{[]string{"Hello World!"}, "Hello World!\n"},
		{[]string{"--file", "note.txt"}, `first\x1b[31m` + "\nsecond\n"},
		{[]string{"--file", "-"}, "\n"},
		{[]string{strings.Repeat("é", 498)}, strings.Repeat("é", 498) + "\n"},
		{[]string{"d1:ai-5e1:bl2:\xff\x001:\"ee", "--bencode"}, `{"a": -5, "b": [0xff00, "\""]}` + "\n"},
		{[]string{"1", "--key", "my.key", "--new-key"}, "1\n  number    1, signed by the key\n"},
		{[]string{"2", "--key", "my.key"}, "2\n  number    2, signed by the key\n"},
		{[]string{"2", "--key", "my.key"}, "2\n  number    2, signed by the key\n"},
		{[]string{"9", "--key", "my.key", "--seq", "9", "--cas", "2"}, "9\n  number    9, signed by the key\n"},
		{[]string{"1", "--key", "my.key", "--salt", "it's salt\n"}, "1\n  number    1, signed by the key\n"},
	} {
		stdout, stderr := shoal(t, exitOK, append([]string{"dht", "put", "--bootstrap", node}, test.args...)...)
		require.Empty(t, stderr)
		require.Contains(t, stdout, "Stored at 4 nodes.\n")
		commands := commandsIn(stdout)
		require.Len(t, commands, 1)
		words := shellWords(t, commands[0])
		stdout, stderr = shoal(t, exitOK, words[1:]...)
		require.Equal(t, test.want, stdout, commands[0])
		require.Empty(t, stderr)
	}
	st, err := os.Stat("my.key")
	require.NoError(t, err)
	require.EqualValues(t, 0o600, st.Mode())

	stdout, _ := shoal(t, exitOK, "dht", "put", "--bootstrap", node, "--json", "3", "--key", "my.key")
	o := event(t, stdout, "stored")
	require.EqualValues(t, 10, o["seq"])
	stdout, _ = shoal(t, exitOK, "dht", "get", "--bootstrap", node, "--json", "--key", o["key"].(string))
	got := event(t, stdout, "item")
	require.Equal(t, "3", got["text"])
	require.Equal(t, "MToz", got["value"], "bencode")
	for _, key := range []string{"target", "key", "seq", "signature"} {
		require.Equal(t, o[key], got[key])
	}
	stdout, _ = shoal(t, exitOK, "dht", "get", "--bootstrap", node, "--raw", "--key", o["key"].(string))
	require.Equal(t, "3", stdout)

	for _, test := range []struct {
		args []string
		want string
	}{
		{[]string{"put", "4", "--key", "my.key", "--new-key"}, "my.key: the file exists, and a key is never overwritten\n  Leave --new-key out"},
		{[]string{"put", "4", "--key", "my.key", "--seq", "3"}, "a version with a higher number is stored\n  Leave --seq out"},
		{[]string{"put", "4", "--key", "my.key", "--cas", "3"}, "the version that is stored is not the one to replace\n"},
		{[]string{"put", "4", "--key", "note.txt"}, "note.txt is not the file of a private key\n"},
		{[]string{"put", "4", "--key", "no.key"}, "no.key: no such file or directory\n  Check the path, or make a new key with --new-key."},
		{[]string{"get", strings.Repeat("1", 40)}, "no node has this item\n"},
	} {
		_, stderr := shoal(t, exitFailed, slices.Concat([]string{"dht"}, test.args, []string{"--bootstrap", node})...)
		require.Contains(t, stderr, test.want)
	}
	require.NoError(t, os.Chmod("my.key", 0o644))
	stdout, stderr := shoal(t, exitOK, "dht", "put", "note.txt", "--bootstrap", node, "--key", dir+"/my.key")
	require.Contains(t, stderr, "others may read the private key in "+dir+"/my.key; run: chmod 600 "+dir+"/my.key\n")
	require.Contains(t, stderr, `"note.txt" is stored as a text; to store the file of that name, use --file`)
	seed, err := os.ReadFile("my.key")
	require.NoError(t, err)
	require.NotContains(t, stdout+stderr, strings.TrimSpace(string(seed)))
}

// TestDHTShowsHostileItems shows what a terminal would obey with escapes, and ends deep
// values.
func TestDHTShowsHostileItems(t *testing.T) {
	isolate(t)
	node := startDHT(t)[0]
	n, _ := openNode(t, node)
	for value, want := range map[string]string{
		"\x1b]0;x\a\u202e":                   `\x1b]0;x\a\u202e` + "\n",
		"a\r\nb\x00":                         `a\r` + "\nb\\x00\n",
		strings.Repeat("\n", 900):            strings.Repeat("\n", 900),
		"\xff\xfe" + strings.Repeat("x", 10): "0xfffe78787878787878787878\n",
	} {
		i := dhtitem.Item{Value: bencode.AppendString(nil, value)}
		_, err := n.Put(t.Context(), i, nil)
		require.NoError(t, err)
		stdout, _ := shoal(t, exitOK, "dht", "get", i.Target().String(), "--bootstrap", node)
		require.Equal(t, want, stdout)
		stdout, _ = shoal(t, exitOK, "dht", "get", i.Target().String(), "--bootstrap", node, "--raw")
		require.Equal(t, value, stdout)
	}
	deep := dhtitem.Item{Value: []byte(strings.Repeat("l", 30) + strings.Repeat("e", 30))}
	_, err := n.Put(t.Context(), deep, nil)
	require.NoError(t, err)
	stdout, _ := shoal(t, exitOK, "dht", "get", deep.Target().String(), "--bootstrap", node)
	require.Equal(t, strings.Repeat("[", 30)+strings.Repeat("]", 30)+"\n", stdout)
}

// TestDHTNobodyThere says so, and what to do.
func TestDHTNobodyThere(t *testing.T) {
	isolate(t)
	silent, err := net.ListenPacket("udp4", "127.0.0.1:0")
	require.NoError(t, err)
	defer silent.Close()
	address := silent.LocalAddr().String()
	stdout, stderr := shoal(t, exitFailed, "dht", "peers", strings.Repeat("1", 40), "--json", "--timeout", "1s", "--bootstrap", address)
	require.Empty(t, stderr)
	o := event(t, stdout, "error")
	require.Equal(t, "the search was not over in time, which is 1s", o["message"])
	require.Equal(t, "Give it more time with --timeout.", o["advice"])
	r := start(t, "dht", "peers", strings.Repeat("1", 40), "--bootstrap", address)
	_, _, err = silent.ReadFrom(make([]byte, 1000))
	require.NoError(t, err)
	r.stop()
	r.wait(t, exitInterrupted)
}
