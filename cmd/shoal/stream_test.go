package main

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// startStream starts to stream, and returns what it printed for programs about the file.
func startStream(t *testing.T, args ...string) (*running, map[string]any) {
	t.Helper()
	r := start(t, append([]string{"stream", "--json", "--listen", "off"}, args...)...)
	return r, objects(t, r.out.await(t, `"streaming"`))[0]
}

// fetch returns an answer of a server and its body.
func fetch(t *testing.T, r *http.Request) (*http.Response, string) {
	t.Helper()
	resp, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return resp, string(b)
}

func request(t *testing.T, url any) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url.(string), nil)
	require.NoError(t, err)
	return r
}

func textOf(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	require.NoError(t, err)
	return string(b)
}

// A file is served while it is downloaded, and others as far as somebody reads them. Only the first one
// is made.
func TestStream(t *testing.T) {
	isolate(t)
	makePhotos(t)
	_, peer := seeding(t, "album.torrent")
	r, o := startStream(t, "album.torrent", "--dir", "got", "--peer", peer)
	require.Equal(t, []any{"album/c.mkv", 50010.0}, []any{o["path"], o["length"]})
	film := textOf(t, "album/c.mkv")
	resp, body := fetch(t, request(t, o["url"]))
	require.Equal(t, film, body)
	require.Equal(t, "video/x-matroska", resp.Header.Get("Content-Type"))
	part := request(t, o["url"])
	part.Header.Set("Range", "bytes=20000-29999")
	resp, body = fetch(t, part)
	require.Equal(t, http.StatusPartialContent, resp.StatusCode)
	require.Equal(t, film[20000:30000], body)

	_, page := fetch(t, request(t, o["index"]))
	require.Contains(t, page, "album")
	other := strings.Replace(o["url"].(string), "/file/2/c.mkv", "/file/4/f.txt", 1)
	require.NotEqual(t, o["url"], other)
	_, body = fetch(t, request(t, other))
	require.Equal(t, textOf(t, "album/d/f.txt"), body)
	r.out.await(t, `"completed"`)
	require.Equal(t, []string{"album/c.mkv"}, filesBelow(t, "got"))

	foreign := request(t, o["url"])
	foreign.Host = "evil.example"
	resp, _ = fetch(t, foreign)
	require.Equal(t, http.StatusForbidden, resp.StatusCode)
	token := strings.Split(o["index"].(string), "/")[3]
	resp, _ = fetch(t, request(t, strings.Replace(o["url"].(string), token, strings.Repeat("A", len(token)), 1)))
	require.Equal(t, http.StatusNotFound, resp.StatusCode)
	r.stop()
	r.wait(t, exitOK)
	require.NotContains(t, r.err.String(), token, "the token is not logged")
	_, err := http.Get(o["url"].(string))
	require.Error(t, err)
}

// The file that is played is the one that the user names, or the largest that can be played, or the largest.
func TestStreamChooses(t *testing.T) {
	isolate(t)
	makePhotos(t)
	require.NoError(t, os.WriteFile("note.txt", []byte("a note"), 0o666))
	shoal(t, exitOK, "create", "note.txt")
	link, _ := shoal(t, exitOK, "magnet", "album.torrent")
	link = strings.TrimSpace(link)
	_, peer := seeding(t, "album.torrent", "note.txt.torrent")
	for _, test := range []struct {
		args   []string
		path   string
		wanted []string
	}{
		{[]string{"album.torrent"}, "album/c.mkv", []string{"album/c.mkv"}},
		{[]string{"album.torrent", "--select", "a.jpg"}, "album/a.jpg", []string{"album/a.jpg"}},
		{[]string{"album.torrent", "--select", "d"}, "album/d/f.txt", []string{"album/d/e.jpg", "album/d/f.txt"}},
		{[]string{"album.torrent", "--select", "!d"}, "album/c.mkv", []string{"album/a.jpg", "album/b.jpg", "album/c.mkv"}},
		{[]string{link}, "album/c.mkv", []string{"album/c.mkv"}},
		{[]string{link + "&so=0,1"}, "album/b.jpg", []string{"album/b.jpg"}},
		{[]string{link, "--select", "1"}, "album/a.jpg", []string{"album/a.jpg"}},
		{[]string{"note.txt.torrent"}, "note.txt", []string{"note.txt"}},
	} {
		t.Run(strings.Join(test.args[1:], " "), func(t *testing.T) {
			dir := t.TempDir()
			t.Setenv("SHOAL_STATE", t.TempDir())
			r, o := startStream(t, append(test.args, "--dir", dir, "--peer", peer)...)
			require.Equal(t, test.path, o["path"])
			_, body := fetch(t, request(t, o["url"]))
			require.Equal(t, textOf(t, test.path), body)
			r.out.await(t, `"completed"`)
			r.stop()
			r.wait(t, exitOK)
			require.Equal(t, test.wanted, filesBelow(t, dir))
		})
	}
}

// Who plays a file takes nothing back that a former run wanted, and a later run plays what is there.
func TestStreamKeepsWhatIsWanted(t *testing.T) {
	isolate(t)
	makePhotos(t)
	_, peer := seeding(t, "album.torrent")
	play := func(want string, flags ...string) {
		t.Helper()
		r, o := startStream(t, append(flags, "album.torrent", "--dir", "got", "--peer", peer)...)
		require.Equal(t, want, o["path"])
		r.out.await(t, `"completed"`)
		r.stop()
		r.wait(t, exitOK)
	}
	shoal(t, exitOK, "get", "album.torrent", "--dir", "got", "--peer", peer, "--listen", "off", "-q", "--select", "*.jpg")
	play("album/d/f.txt", "--select", "f.txt")
	require.Equal(t, []string{"album/a.jpg", "album/b.jpg", "album/d/e.jpg", "album/d/f.txt"}, filesBelow(t, "got"))
	play("album/d/f.txt")
	require.Equal(t, []string{"album/a.jpg", "album/b.jpg", "album/d/e.jpg", "album/d/f.txt"}, filesBelow(t, "got"))
	shoal(t, exitOK, "get", "album.torrent", "--dir", "got", "--peer", peer, "--listen", "off", "-q", "--select", "**")
	play("album/c.mkv")
	play("album/a.jpg", "--select", "a.jpg")
	stdout, _ := shoal(t, exitOK, "verify", "album.torrent", "--dir", "got")
	require.Contains(t, stdout, "album: complete, all 18 pieces correct\n")
}

// The first URL that people see is that of the file, and the page's comes after it.
func TestStreamForPeople(t *testing.T) {
	isolate(t)
	makePhotos(t)
	_, peer := seeding(t, "album.torrent")
	r := start(t, "stream", "album.torrent", "--dir", "got", "--peer", peer, "--listen", "off", "--token", "a-token-of-mine", "--host", "films.example", "--http", "0.0.0.0:0")
	r.out.await(t, "in the place of 127.0.0.1.")
	var urls []string
	for line := range strings.Lines(r.out.String()) {
		if strings.Contains(line, "http://") {
			urls = append(urls, strings.TrimSpace(line))
		}
	}
	require.Len(t, urls, 2)
	require.Regexp(t, `^http://127\.0\.0\.1:\d+/a-token-of-mine/[0-9a-f]{40}/file/2/c\.mkv$`, urls[0])
	require.True(t, strings.HasPrefix(urls[0], urls[1]))
	named := request(t, urls[0])
	named.Host = "films.example"
	_, body := fetch(t, named)
	require.Equal(t, textOf(t, "album/c.mkv"), body)
	r.out.await(t, "album: what is wanted is complete in ")
	r.stop()
	r.wait(t, exitOK)
}

// Without a token everybody can read, and the user is warned if others reach the server.
func TestStreamWithoutToken(t *testing.T) {
	isolate(t)
	makePhotos(t)
	r, o := startStream(t, "album.torrent", "--no-token")
	require.Equal(t, 3, strings.Count(o["index"].(string), "/"))
	fetch(t, request(t, o["url"]))
	require.NotContains(t, r.out.String(), "everybody")
	r, _ = startStream(t, "album.torrent", "--no-token", "--http", "0.0.0.0:0", "--dir", "other")
	require.Contains(t, event(t, r.out.String(), "warning")["message"], "everybody who reaches 0.0.0.0:")
}

// The player gets the address as its last argument. If it fails, the address still works.
func TestStreamOpen(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("there is no /bin/sh")
	}
	isolate(t)
	makePhotos(t)
	script := func(name, commands string) {
		require.NoError(t, os.WriteFile(name, []byte("#!/bin/sh\n"+commands+"\n"), 0o777))
	}
	script("a player", `printf '%s\n' "$@" > arguments; trap 'mv done ended; exit' TERM; mv arguments done; while :; do sleep 0.1; done`)
	script("broken", "exit 3")
	here, err := os.Getwd()
	require.NoError(t, err)
	r, o := startStream(t, "album.torrent", "--open", "'"+here+"/a player' --full 'a b'")
	fifo := func() bool { _, err := os.Stat("done"); return err == nil }
	require.Eventually(t, fifo, time.Minute, time.Millisecond)
	require.Equal(t, "--full\na b\n--\n"+o["url"].(string)+"\n", textOf(t, "done"))
	r.out.await(t, `"checked"`)
	r.stop()
	r.wait(t, exitOK)
	require.FileExists(t, "ended", "the command waits for the player")

	for _, test := range []struct{ program, message, advice string }{
		{"shoal-has-no-such-player", "shoal-has-no-such-player cannot be started: executable file not found", "Check the name of the program in --open"},
		{here + "/broken", here + "/broken ended: exit status 3", "Run it yourself to see what it says"},
	} {
		r, o := startStream(t, "album.torrent", "--open", test.program)
		warning := objects(t, r.out.await(t, test.message))[0]
		require.Contains(t, warning["message"], test.message)
		require.Contains(t, warning["advice"], test.advice)
		_, body := fetch(t, request(t, o["url"]))
		require.Equal(t, textOf(t, "album/c.mkv"), body)
		r.stop()
		r.wait(t, exitOK)
	}
}

// With --quit-after-complete the command ends when everything is there and nobody reads.
func TestStreamQuits(t *testing.T) {
	isolate(t)
	makePhotos(t)
	_, peer := seeding(t, "album.torrent")
	r, _ := startStream(t, "album.torrent", "--dir", "got", "--peer", peer, "-q")
	r.wait(t, exitOK)
	requireSameFile(t, "album/c.mkv", "got/album/c.mkv")
}

func TestUse(t *testing.T) {
	now := time.Unix(1000, 0)
	var u use
	require.True(t, u.lasts(now, false), "a player may come")
	require.False(t, u.lasts(now.Add(quietTime), false))
	require.True(t, u.lasts(now.Add(time.Hour), true))
	require.True(t, u.lasts(now.Add(time.Hour+quietTime-1), false), "it opens its next connection")
	require.False(t, u.lasts(now.Add(time.Hour+quietTime), false))
}

// What contradicts itself, or cannot be served, is said before anything is made.
func TestStreamErrors(t *testing.T) {
	isolate(t)
	makePhotos(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	for _, test := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{"stream", "album.torrent", "--temporary", "--dir", "got"}, exitUsage, "--temporary keeps nothing, but --dir says where to keep files; leave one of them out"},
		{[]string{"cat", "album.torrent", "--temporary", "--incomplete-dir", "got"}, exitUsage, "but --incomplete-dir says"},
		{[]string{"stream", "album.torrent", "--token", "short"}, exitUsage, "--token: the token is not valid; use 8 to 128"},
		{[]string{"stream", "album.torrent", "--token", "a-token-of-mine", "--no-token"}, exitUsage, "--token and --no-token exclude each other"},
		{[]string{"stream", "album.torrent", "--host", "*.example"}, exitUsage, `--host: "*.example" is not a host name`},
		{[]string{"stream", "album.torrent", "--http", "localhost"}, exitUsage, `--http: "localhost" is not an address; give HOST:PORT or PORT`},
		{[]string{"stream", "album.torrent", "--open", "'mpv"}, exitUsage, "--open: a quote is not closed"},
		{[]string{"stream", "album.torrent", "--http", l.Addr().String()}, exitFailed, "Choose another address with --http"},
		{[]string{"stream", "album.torrent", "--select", "x", "--dir", "got"}, exitFailed, "--select x: no file of album matches"},
		{[]string{"stream", "-", "--choose"}, exitUsage, "the torrent comes from standard input"},
		{[]string{"cat", "album.torrent", "--select", "*.jpg", "--dir", "got"}, exitFailed, "shoal: 3 files are chosen of album, and only one can be printed\n  Name one of them with --select, by its path or its number:\n        1    48.8 KiB  album/a.jpg\n"},
		{[]string{"cat", "album.torrent", "--dir", "got"}, exitFailed, "5 files are chosen of album"},
	} {
		t.Run(strings.Join(test.args, " "), func(t *testing.T) {
			stdout, stderr := shoal(t, test.code, append(test.args, "--listen", "off")...)
			require.Empty(t, stdout)
			require.Contains(t, stderr, test.want)
			require.NoDirExists(t, "got")
		})
	}
}

// A temporary folder is deleted at the end, and after a kill at the next start.
func TestTemporary(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("it is not deleted after a kill here")
	}
	isolate(t)
	makePhotos(t)
	_, peer := seeding(t, "album.torrent")
	place := t.TempDir()
	t.Setenv("TMPDIR", place)
	t.Setenv("SHOAL_DIR", "got") // gives way to --temporary
	args := []string{"album.torrent", "--temporary", "--peer", peer, "--listen", "off"}
	stdout, _ := shoal(t, exitOK, append([]string{"cat", "--select", "c.mkv"}, args...)...)
	require.Equal(t, textOf(t, "album/c.mkv"), stdout)
	require.Empty(t, namesIn(t, place))

	cmd, out := process(t, append([]string{"stream", "--json"}, args...)...)
	lines := bufio.NewScanner(out)
	for lines.Scan() && !strings.Contains(lines.Text(), `"completed"`) {
	}
	require.NoError(t, cmd.Process.Kill())
	io.Copy(io.Discard, out)
	cmd.Wait()
	killed := namesIn(t, place)
	require.Len(t, killed, 1)
	require.FileExists(t, filepath.Join(place, killed[0], "content", "album", "c.mkv"))

	r, o := startStream(t, args[:4]...)
	_, body := fetch(t, request(t, o["url"]))
	require.Equal(t, textOf(t, "album/c.mkv"), body)
	now := namesIn(t, place)
	require.Len(t, now, 1)
	require.NotEqual(t, killed, now)
	r.out.await(t, `"completed"`)
	r.stop()
	r.wait(t, exitOK)
	require.Empty(t, namesIn(t, place))
	require.NoDirExists(t, "got")
	require.NoDirExists(t, "state")

	r = start(t, "stream", "album.torrent", "--temporary", "--listen", "off")
	r.out.await(t, "looking for peers")
	r.stop()
	r.wait(t, exitInterrupted)
	require.Contains(t, r.out.String(), "album: stopped at 0.0%. Nothing is kept, because of --temporary.\n")

	t.Setenv("TMPDIR", filepath.Join(place, "nothing"))
	_, stderr := shoal(t, exitFailed, append([]string{"stream"}, args...)...)
	require.Contains(t, stderr, "TMPDIR")
}
