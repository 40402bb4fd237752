package main

import (
	"encoding/hex"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shoal-bt/shoal/swarm"
)

// TestLinkWithKey publishes a torrent under a key, and then another one. The link leads to the
// newest.
func TestLinkWithKey(t *testing.T) {
	isolate(t)
	nodes := startDHT(t)
	makeContent(t, 1<<18)
	shoal(t, exitOK, "create", "album")
	first := infoHashOf(t, "album.torrent")
	shoal(t, exitOK, "create", "album/film.mkv", "-o", "film.torrent")
	second := infoHashOf(t, "film.torrent")
	link := ""
	for number, test := range []struct{ source, hash string }{{"album.torrent", first}, {"film.torrent", second}, {first, first}} {
		args := []string{"dht", "put", "--torrent", test.source, "--key", "my.key", "--salt", "news", "--bootstrap", nodes[0]}
		if number == 0 {
			args = append(args, "--new-key")
		}
		stdout, stderr := shoal(t, exitOK, args...)
		require.Empty(t, stderr)
		link = regexp.MustCompile(`magnet:\S+`).FindString(stdout)
		require.Regexp(t, `^magnet:\?xs=urn:btpk:[0-9a-f]{64}&s=6e657773$`, link)
		want := fmt.Sprintf("{\"ih\": 0x%s}\n  number    %d, signed by the key\n  torrent   %s\n", test.hash, number+1, test.hash)
		stdout, _ = shoal(t, exitOK, "dht", "get", link, "--bootstrap", nodes[1])
		require.Equal(t, want, stdout)
		stdout, _ = shoal(t, exitOK, "dht", "get", link, "--bootstrap", nodes[1], "--json")
		require.Equal(t, test.hash, event(t, stdout, "item")["torrent"])
	}
	stdout, _ := shoal(t, exitOK, "dht", "put", "--torrent", first, "--key", "my.key", "--salt", "news", "--bootstrap", nodes[0], "--json")
	require.Equal(t, link, event(t, stdout, "stored")["magnet"])

	announce(t, nodes[0], swarm.ID(mustDecode(t, first)), 7001)
	stdout, _ = shoal(t, exitOK, "dht", "peers", link, "--bootstrap", nodes[2])
	require.Equal(t, "127.0.0.1:7001\n", stdout)
	stdout, _ = shoal(t, exitOK, "dht", "scrape", link, "--bootstrap", nodes[2])
	require.Contains(t, stdout, first+"  about 1 seed")
	stdout, _ = shoal(t, exitOK, "inspect", link+"&dn=news")
	require.Regexp(t, `^news\n  key          [0-9a-f]{64}\n  salt \(hex\)   6e657773\n$`, stdout)
	stdout, _ = shoal(t, exitOK, "inspect", "--json", link)
	require.Equal(t, "6e657773", objects(t, stdout)[0]["salt"])

	for _, command := range []string{"seed", "verify"} {
		_, stderr := shoal(t, exitFailed, command, link)
		require.Contains(t, stderr, "the link has a key and no info hash")
		commands := commandsIn(stderr)
		require.Len(t, commands, 1, stderr)
		runPrinted(t, commands[0]+" --bootstrap "+nodes[0])
	}
	other := strings.Replace(link, "s=6e657773", "s=00", 1)
	_, stderr := shoal(t, exitFailed, "dht", "peers", other, "--bootstrap", nodes[2])
	require.Contains(t, stderr, "no node has this item")
	shoal(t, exitOK, "dht", "put", "text", "--key", "my.key", "--bootstrap", nodes[0])
	_, stderr = shoal(t, exitFailed, "dht", "scrape", strings.TrimSuffix(link, "&s=6e657773"), "--bootstrap", nodes[2])
	require.Contains(t, stderr, "what is stored under the key of the link names no torrent")
}

func mustDecode(t *testing.T, digits string) []byte {
	t.Helper()
	b, err := hex.DecodeString(digits)
	require.NoError(t, err)
	return b
}

// TestGetByKey downloads what a key stands for, and hears of the next torrent of the key.
func TestGetByKey(t *testing.T) {
	isolate(t)
	makeContent(t, 1<<18)
	router := startRouter(t)
	shoal(t, exitOK, "create", "album")
	shoal(t, exitOK, "create", "album/film.mkv", "-o", "film.torrent")
	seed := start(t, "seed", "album.torrent", "--listen", "127.0.0.1:0", "--bootstrap", router, "--json", "--state", "off")
	seed.out.await(t, `"event":"dht","torrent"`)
	put := func(torrent string, more ...string) (link string) {
		args := []string{"dht", "put", "--torrent", torrent, "--key", "my.key", "--bootstrap", router, "--json"}
		stdout, _ := shoal(t, exitOK, append(args, more...)...)
		return event(t, stdout, "stored")["magnet"].(string)
	}
	link := put("album.torrent", "--new-key")
	get := []string{"get", "--listen", "off", "--bootstrap", router, "--state", "off", "--dir", "got"}
	stdout, stderr := shoal(t, exitOK, append(get, link, "-q")...)
	require.Empty(t, stderr)
	require.Contains(t, stdout, "Looking up in the DHT which torrent the link stands for...\n")
	equalFolders(t, "album", "got/album")
	shoal(t, exitOK, append(get, link, "--metadata-only", "-o", "again.torrent")...)
	require.Equal(t, infoHashOf(t, "album.torrent"), infoHashOf(t, "again.torrent"))

	put("film.torrent")
	both := link + "&xt=urn:btih:" + infoHashOf(t, "album.torrent")
	r := start(t, append(get, both, "--recheck")...)
	r.out.await(t, "its link stands for a newer torrent now. This one stays.")
	command := commandsIn(r.out.await(t, "get "+infoHashOf(t, "film.torrent")))
	require.Len(t, command, 1)
	r.stop()
	<-r.code
	equalFolders(t, "album", "got/album")
	seedFilm := start(t, "seed", "film.torrent", "--dir", "album", "--listen", "127.0.0.1:0", "--bootstrap", router, "--json", "--state", "off")
	seedFilm.out.await(t, `"event":"dht","torrent"`)
	runPrinted(t, command[0]+" --quit-after-complete --listen off --state off --bootstrap "+router)
	require.FileExists(t, "got/film.mkv")
	r = start(t, append(get, both, "--recheck", "--json")...)
	o := objects(t, r.out.await(t, `"newVersion"`))[0]
	require.Equal(t, infoHashOf(t, "film.torrent"), o["newer"])
	require.EqualValues(t, 2, o["seq"])
	r.stop()
	<-r.code

	_, stderr = shoal(t, exitFailed, append(get, link, "--no-dht")...)
	require.Contains(t, stderr, "and the DHT is off\n  Leave --no-dht out:")
	_, stderr = shoal(t, exitFailed, append(get, link+"&s=00")...)
	require.Contains(t, stderr, "Nothing is published under the key of the link")
}
