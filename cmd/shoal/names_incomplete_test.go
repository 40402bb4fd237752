package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// recordOf returns the bytes of the only record in the state folder of a test.
func recordOf(t *testing.T) string {
	t.Helper()
	all := ""
	require.NoError(t, filepath.WalkDir("state/torrents", func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || strings.HasSuffix(path, ".torrent") {
			return err
		}
		b, err := os.ReadFile(path)
		all += string(b)
		return err
	}))
	return all
}

// The orders of pieces reach the client, which remembers them.
func TestOrdersAreRemembered(t *testing.T) {
	isolate(t)
	makePhotos(t)
	_, peer := seeding(t, "album.torrent")
	for _, test := range []struct {
		flags                 []string
		sequential, firstLast bool
	}{{nil, false, false}, {[]string{"--sequential"}, true, false}, {[]string{"--first-last"}, false, true}} {
		require.NoError(t, os.RemoveAll("state"))
		require.NoError(t, os.RemoveAll("got"))
		shoal(t, exitOK, append([]string{"get", "album.torrent", "--dir", "got", "--peer", peer, "--listen", "off", "-q", "--select", "c.mkv"}, test.flags...)...)
		record := recordOf(t)
		require.Equal(t, test.sequential, strings.Contains(record, "10:sequentiali1e"))
		require.Equal(t, test.firstLast, strings.Contains(record, "10:first lasti1e"))
	}
}

// While files are incomplete they have another name in another folder. A run without the flags
// goes on with them.
func TestNamesOfIncompleteFiles(t *testing.T) {
	isolate(t)
	makePhotos(t)
	_, all := seeding(t, "album.torrent")
	shoal(t, exitOK, "get", "album.torrent", "--dir", "half", "--peer", all, "--listen", "off", "-q", "--select", "[ab].jpg")
	half := start(t, "seed", "album.torrent", "--dir", "half", "--json", "--listen", "127.0.0.1:0")
	peer := objects(t, half.out.await(t, `"listening"`))[0]["address"].(string)

	get := start(t, "get", "album.torrent", "--dir", "got", "--peer", peer, "--listen", "off", "--json", "--suffix", ".part", "--incomplete-dir", "incomplete", "--allocate", "none")
	get.out.await(t, `"path":"album/a.jpg"`)
	get.out.await(t, `"path":"album/b.jpg"`)
	require.Subset(t, []string{"album/a.jpg", "album/b.jpg"}, filesBelow(t, "got"))
	get.stop()
	get.wait(t, exitInterrupted)
	require.Equal(t, []string{"album/a.jpg", "album/b.jpg"}, filesBelow(t, "got"))
	require.Equal(t, []string{"album/c.mkv.part"}, filesBelow(t, "incomplete"))
	c, err := os.Stat("incomplete/album/c.mkv.part")
	require.NoError(t, err)
	require.Less(t, c.Size(), int64(16<<10), "it grows as it is written")

	shoal(t, exitOK, "get", "album.torrent", "--dir", "got", "--peer", all, "--listen", "off", "-q")
	equalFolders(t, "album", "got/album")
	require.Empty(t, filesBelow(t, "incomplete"))
}
