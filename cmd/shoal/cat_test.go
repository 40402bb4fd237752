package main

import (
	"io"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Each file is written in order, from peers and from disk, of a torrent and of a link.
func TestCat(t *testing.T) {
	isolate(t)
	makePhotos(t)
	link, _ := shoal(t, exitOK, "magnet", "album.torrent")
	_, peer := seeding(t, "album.torrent")
	for n, name := range []string{"a.jpg", "b.jpg", "c.mkv", "d/e.jpg", "d/f.txt"} {
		source := []string{"album.torrent", strings.TrimSpace(link)}[n%2]
		for range 2 { // the second time it is there
			stdout, stderr := shoal(t, exitOK, "cat", source, "--select", name, "--dir", "got", "--peer", peer, "--listen", "off")
			require.Equal(t, textOf(t, "album/"+name), stdout)
			require.Empty(t, stderr)
		}
	}
	stdout, _ := shoal(t, exitOK, "verify", "album.torrent", "--dir", "got")
	require.Contains(t, stdout, "album: complete, all 18 pieces correct\n", "what was written before is still wanted")
}

// A torrent of one file needs no choice. An empty file is a file.
func TestCatOfOneFile(t *testing.T) {
	isolate(t)
	require.NoError(t, os.Mkdir("album", 0o777))
	require.NoError(t, os.WriteFile("album/note.txt", []byte("a note\n"), 0o666))
	shoal(t, exitOK, "create", "album")
	stdout, _ := shoal(t, exitOK, "cat", "album.torrent", "--listen", "off")
	require.Equal(t, "a note\n", stdout)
	require.NoError(t, os.WriteFile("album/empty.txt", nil, 0o666))
	shoal(t, exitOK, "create", "album", "-f")
	stdout, _ = shoal(t, exitOK, "cat", "album.torrent", "--listen", "off", "--select", "empty.txt")
	require.Empty(t, stdout)
}

// Programs get objects on standard error, and the file alone on standard output.
func TestCatForPrograms(t *testing.T) {
	isolate(t)
	makePhotos(t)
	_, peer := seeding(t, "album.torrent")
	stdout, stderr := shoal(t, exitOK, "cat", "album.torrent", "--select", "c.mkv", "--dir", "got", "--peer", peer, "--listen", "off", "--json")
	require.Equal(t, textOf(t, "album/c.mkv"), stdout)
	require.Equal(t, "album", event(t, stderr, "added")["name"])
	stdout, stderr = shoal(t, exitFailed, "cat", "album.torrent", "--select", "x", "--dir", "got", "--listen", "off", "--json")
	require.Empty(t, stdout)
	require.Contains(t, event(t, stderr, "error")["message"], "no file of album matches")
}

// The torrent may come from standard input, and whoever reads the file may close its end: that is no error
// to print.
func TestCatBetweenPipes(t *testing.T) {
	isolate(t)
	require.NoError(t, os.WriteFile("film.mkv", []byte(strings.Repeat("film", 1<<20)), 0o666))
	shoal(t, exitOK, "create", "film.mkv")
	_, peer := seeding(t, "film.mkv.torrent")
	for _, all := range []bool{true, false} {
		cmd, out := processOf(t, "cat", "-", "--listen", "off", "--peer", peer, "--dir", "got")
		torrent, err := os.Open("film.mkv.torrent")
		require.NoError(t, err)
		defer torrent.Close()
		var stderr strings.Builder
		cmd.Stdin, cmd.Stderr = torrent, &stderr
		require.NoError(t, cmd.Start())
		code := exitOK
		if all {
			b, err := io.ReadAll(out)
			require.NoError(t, err)
			require.Equal(t, textOf(t, "film.mkv"), string(b))
		} else {
			b := make([]byte, 4)
			_, err := io.ReadFull(out, b)
			require.NoError(t, err)
			require.Equal(t, "film", string(b))
			require.NoError(t, out.Close())
			code = exitInterrupted
		}
		requireCode(t, code, cmd)
		require.Empty(t, stderr.String())
	}
}

// Ctrl-C ends it while nobody has the file.
func TestCatIsInterrupted(t *testing.T) {
	isolate(t)
	makePhotos(t)
	r := start(t, "cat", "album.torrent", "--select", "c.mkv", "--dir", "got", "--listen", "off", "--json")
	r.err.await(t, `"checked"`)
	r.stop()
	r.wait(t, exitInterrupted)
	require.Empty(t, r.out.String())
}
