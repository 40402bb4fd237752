package main

import (
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shoal-bt/shoal/client"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/sample"
)

// seeding starts a seeder, and returns its address.
func seeding(t *testing.T, args ...string) (r *running, address string) {
	t.Helper()
	r = start(t, append([]string{"seed", "--json", "--state", "off", "--listen", "127.0.0.1:0"}, args...)...)
	line := r.out.await(t, `"listening"`)
	return r, objects(t, line)[0]["address"].(string)
}

func equalFolders(t *testing.T, a, b string) {
	t.Helper()
	_, _, err := sample.Compare(t.Context(), a, b, func(int64) {})
	require.NoError(t, err)
}

func TestSeedAndGet(t *testing.T) {
	dir := isolate(t)
	makeContent(t, 4<<20)
	shoal(t, exitOK, "create", "album", "--piece-length", "64KiB")
	seed, peer := seeding(t, "album.torrent")
	stdout, stderr := shoal(t, exitOK, "get", "album.torrent", "--dir", "got", "--peer", peer, "--listen", "127.0.0.1:0", "--quit-after-complete")
	require.Empty(t, stderr)
	require.Contains(t, stdout, "album: complete in "+filepath.Join(dir, "got", "album"))
	require.Contains(t, stdout, "4.0 MiB")
	equalFolders(t, "album", "got/album")

	stdout, _ = shoal(t, exitOK, "get", "album.torrent", "--dir", "got", "--peer", peer, "--listen", "127.0.0.1:0", "-q")
	require.Contains(t, stdout, "already")

	seed.stop()
	seed.wait(t, exitOK)
	require.Contains(t, seed.out.String(), `"state":"seeding"`)
}

func TestGetGoesOnSeedingUntilStopped(t *testing.T) {
	isolate(t)
	makeContent(t, 1<<20)
	seed, peer := seeding(t, "album", "--no-date")
	seed.out.await(t, `"created"`)
	first := start(t, "get", "album.torrent", "--dir", "one", "--peer", peer, "--listen", "127.0.0.1:0")
	listens := first.out.await(t, "Listening at ")
	first.out.await(t, "seeding until Ctrl-C")
	seed.stop()
	seed.wait(t, exitOK)
	own := strings.Trim(strings.TrimPrefix(listens, "Listening at "), ".\n")
	t.Setenv("SHOAL_STATE", "off")
	shoal(t, exitOK, "get", "album.torrent", "--dir", "two", "--peer", own, "--listen", "off", "-q")
	equalFolders(t, "album", "two/album")
	first.stop()
	first.wait(t, exitOK)
	require.Contains(t, first.out.String(), "album: uploaded 1.0 MiB.\n")
}

// TestInterruptAndGoOn has a peer with the first part alone, interrupts when that is
// there, and lets another run get the rest.
func TestInterruptAndGoOn(t *testing.T) {
	isolate(t)
	makeContent(t, 4<<20)
	shoal(t, exitOK, "create", "album", "--piece-length", "32KiB")
	require.NoError(t, os.MkdirAll("part/album", 0o777))
	film, err := os.ReadFile("album/film.mkv")
	require.NoError(t, err)
	require.NoError(t, os.WriteFile("part/album/film.mkv", film, 0o666))
	partial, err := client.New(client.Config{Dir: "part", State: client.Off, Listen: "127.0.0.1:0"})
	require.NoError(t, err)
	defer partial.Close()
	_, err = partial.Add(t.Context(), "album.torrent")
	require.NoError(t, err)

	args := []string{"get", "--json", "album.torrent", "--dir", "got", "--listen", "127.0.0.1:0", "-q", "--peer"}
	first := start(t, append(args, partial.Addr().String())...)
	// Pieces that the film shares with other files are not there.
	first.out.await(t, `"connected"`)
	for held := 0.0; held < 20; {
		line := first.out.await(t, `"progress"`)
		held = objects(t, line)[0]["held"].(float64)
		if held < 20 {
			first.out.forget()
		}
	}
	first.stop()
	first.wait(t, exitInterrupted)
	event(t, first.out.String(), "interrupted")

	_, peer := seeding(t, "album.torrent")
	stdout, _ := shoal(t, exitOK, append(args, peer)...)
	held := event(t, stdout, "checked")["held"].(float64)
	require.GreaterOrEqual(t, held, 20.0, "pieces of the first run")
	completed := event(t, stdout, "completed")
	require.LessOrEqual(t, completed["bytes"].(float64), float64(4<<20)-held*(32<<10))
	equalFolders(t, "album", "got/album")
}

func TestInterruptSaysHowToGoOn(t *testing.T) {
	isolate(t)
	makeContent(t, 1<<20)
	shoal(t, exitOK, "create", "album")
	r := start(t, "get", "album.torrent", "--dir", "got", "--listen", "off")
	r.err.await(t, "--peer HOST:PORT")
	r.stop()
	r.wait(t, exitInterrupted)
}

func TestSeedRefusesWhatIsNotWhole(t *testing.T) {
	isolate(t)
	makeContent(t, 1<<20)
	shoal(t, exitOK, "create", "album")
	require.NoError(t, os.Remove("album/readme.txt"))
	_, stderr := shoal(t, exitFailed, "seed", "album.torrent", "--listen", "off")
	require.Contains(t, stderr, "some pieces are missing or wrong")
	require.Contains(t, stderr, "--dir")
	require.NoFileExists(t, "album/readme.txt", "a seeder makes nothing")
	require.NoError(t, os.WriteFile("album/readme.txt", []byte("short"), 0o666))
	_, stderr = shoal(t, exitFailed, "seed", "album.torrent", "--listen", "off")
	require.Contains(t, stderr, "shoal verify")
	b, err := os.ReadFile("album/readme.txt")
	require.NoError(t, err)
	require.Equal(t, "short", string(b))
}

func TestGetLeavesForeignFiles(t *testing.T) {
	isolate(t)
	makeContent(t, 1<<20)
	shoal(t, exitOK, "create", "album")
	require.NoError(t, os.MkdirAll("got/album", 0o777))
	require.NoError(t, os.WriteFile("got/album/readme.txt", []byte("mine"), 0o666))
	_, stderr := shoal(t, exitFailed, "get", "album.torrent", "--dir", "got", "--listen", "off")
	require.Contains(t, stderr, "album/readme.txt")
	require.Contains(t, stderr, "--overwrite")
	b, err := os.ReadFile("got/album/readme.txt")
	require.NoError(t, err)
	require.Equal(t, "mine", string(b))
}

func TestTracker(t *testing.T) {
	isolate(t)
	makeContent(t, 1<<20)
	tracker := start(t, "tracker", "--listen", "127.0.0.1:0", "--json")
	announce := objects(t, tracker.out.await(t, `"listening"`))[0]["announce"].(string)
	shoal(t, exitOK, "create", "album", "--announce", announce)
	seed, _ := seeding(t, "album.torrent")
	seed.out.await(t, `"tracker"`)

	// The torrent comes from the web, the peers from the tracker.
	web := httptest.NewServer(http.FileServer(http.Dir(".")))
	defer web.Close()
	stdout, _ := shoal(t, exitOK, "get", "--json", web.URL+"/album.torrent", "--dir", "got", "--listen", "127.0.0.1:0", "-q")
	require.EqualValues(t, 1, event(t, stdout, "tracker")["peers"])
	equalFolders(t, "album", "got/album")
	stdout, _ = shoal(t, exitOK, "inspect", web.URL+"/album.torrent")
	require.Contains(t, stdout, announce)
	stdout, _ = shoal(t, exitOK, "verify", web.URL+"/album.torrent")
	require.Contains(t, stdout, "album: complete")

	tracker.stop()
	tracker.wait(t, exitOK)
}

func TestTrackerServesGivenTorrents(t *testing.T) {
	isolate(t)
	makeContent(t, 1<<18)
	shoal(t, exitOK, "create", "album")
	tracker := start(t, "tracker", "--listen", "127.0.0.1:0", "--json", "--torrent", "album.torrent")
	announce := objects(t, tracker.out.await(t, `"listening"`))[0]["announce"].(string)
	shoal(t, exitOK, "create", "album/album", "--name", "other", "--announce", announce)
	seed, _ := seeding(t, "album/album", "--name", "other", "--announce", announce, "-o", "x.torrent")
	require.NotContains(t, seed.out.await(t, `"trackerError"`), "unknown command")
}

// TestPasskeysStaySecret has a key in every place of an announce URL where trackers
// put one.
func TestPasskeysStaySecret(t *testing.T) {
	isolate(t)
	makeContent(t, 1<<18)
	const key = "0123456789abcdef0123456789abcdef"
	down := httptest.NewServer(http.NotFoundHandler())
	defer down.Close()
	url := down.URL + "/" + key + "/announce?passkey=" + key
	var all strings.Builder
	note := func(stdout, stderr string) { all.WriteString(stdout + stderr) }
	note(shoal(t, exitOK, "create", "album", "--announce", url))
	note(shoal(t, exitOK, "create", "album", "--announce", url, "--json"))
	for _, args := range [][]string{
		{"get", "album.torrent", "--dir", "got"}, {"seed", "album.torrent"}, {"seed", "album", "--announce", url, "-f"},
	} {
		for _, mode := range [][]string{{"--log-level", "debug"}, {"--json"}} {
			r := start(t, append(append(args, "--listen", "off"), mode...)...)
			if mode[0] == "--json" {
				r.out.await(t, `"trackerError"`)
			} else {
				r.err.await(t, "the announce to the tracker failed")
			}
			r.stop()
			<-r.code
			note(r.out.String(), r.err.String())
		}
	}
	note(shoal(t, exitUsage, "create", "album", "--announce", "http:/"+key))
	note(shoal(t, exitFailed, "get", down.URL+"/"+key+"/some.torrent?key="+key, "--listen", "off"))
	require.NotContains(t, all.String(), key[:16])

	stdout, _ := shoal(t, exitOK, "inspect", "album.torrent")
	require.Contains(t, stdout, url)
}

func TestListenTaken(t *testing.T) {
	isolate(t)
	makeContent(t, 1<<18)
	shoal(t, exitOK, "create", "album")
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	for _, command := range [][]string{{"get", "album.torrent"}, {"seed", "album.torrent"}, {"tracker"}} {
		_, stderr := shoal(t, exitFailed, append(command, "--listen", l.Addr().String())...)
		require.Contains(t, stderr, "Choose another address with --listen")
	}
}

// TestTwoAtATime has two programs with one state folder: they may get two torrents,
// but not the same one into one folder.
func TestTwoAtATime(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("nobody is kept off here")
	}
	isolate(t)
	makeContent(t, 100_000)
	shoal(t, exitOK, "create", "album")
	shoal(t, exitOK, "create", "album", "-o", "other.torrent", "--comment", "same content", "--source", "x")
	first := start(t, "get", "album.torrent", "--dir", "got", "--listen", "127.0.0.1:0")
	first.out.await(t, "Listening at ")
	_, stderr := shoal(t, exitFailed, "get", "album.torrent", "--dir", "got", "--listen", "127.0.0.1:0", "-q")
	require.Contains(t, stderr, "another client has the torrent in this folder")
	require.Contains(t, stderr, "choose another folder")
	second := start(t, "get", "other.torrent", "--dir", "got2", "--listen", "127.0.0.1:0")
	second.out.await(t, "Listening at ")
	for _, r := range []*running{first, second} {
		r.stop()
		r.wait(t, exitInterrupted)
	}
}
