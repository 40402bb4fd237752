package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// makePhotos makes a torrent of five files, whose pieces of 16 KiB reach over their ends.
func makePhotos(t *testing.T) {
	t.Helper()
	for i, name := range []string{"a.jpg", "b.jpg", "c.mkv", "d/e.jpg", "d/f.txt"} {
		path := filepath.Join("album", name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o777))
		require.NoError(t, os.WriteFile(path, []byte(strings.Repeat(name, 10000+i)), 0o666))
	}
	shoal(t, exitOK, "create", "album", "--piece-length", "16KiB")
}

// filesBelow returns the paths of the files that are below a folder and not hidden.
func filesBelow(t *testing.T, dir string) (all []string) {
	t.Helper()
	require.NoError(t, filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() && !strings.HasPrefix(e.Name(), ".") {
			rel, _ := filepath.Rel(dir, path)
			all = append(all, filepath.ToSlash(rel))
		}
		return err
	}))
	return all
}

func requireSameFile(t *testing.T, a, b string) {
	t.Helper()
	want, err := os.ReadFile(a)
	require.NoError(t, err)
	got, err := os.ReadFile(b)
	require.NoError(t, err)
	require.Equal(t, want, got)
}

// A part of a torrent is downloaded, remembered, verified and seeded; then all of it.
func TestGetAPart(t *testing.T) {
	isolate(t)
	makePhotos(t)
	_, peer := seeding(t, "album.torrent")
	get := func(code int, flags ...string) (stdout, stderr string) {
		return shoal(t, code, append([]string{"get", "album.torrent", "--dir", "got", "--peer", peer, "--listen", "off", "-q"}, flags...)...)
	}
	stdout, stderr := get(exitOK, "--select", "*.jpg", "--select", "!d")
	require.Empty(t, stderr)
	require.Contains(t, stdout, "album: 2 of 5 files wanted, 97.7 KiB of 283.3 KiB.\n")
	require.Contains(t, stdout, "album: what is wanted is complete in ")
	require.Equal(t, []string{"album/a.jpg", "album/b.jpg"}, filesBelow(t, "got"))
	requireSameFile(t, "album/b.jpg", "got/album/b.jpg")

	stdout, _ = get(exitOK) // what was wanted is remembered
	require.Contains(t, stdout, "album: 2 of 5 files wanted, 97.7 KiB of 283.3 KiB. To have all of them, use --select '**'.\n")
	require.Contains(t, stdout, "album: what is wanted is already complete in ")
	require.Equal(t, []string{"album/a.jpg", "album/b.jpg"}, filesBelow(t, "got"))

	stdout, _ = shoal(t, exitOK, "verify", "album.torrent", "--dir", "got")
	require.Contains(t, stdout, "album: what is wanted is complete, all 7 pieces correct\n")
	stdout, _ = shoal(t, exitOK, "verify", "album.torrent", "--dir", "got", "--json")
	o := event(t, stdout, "verified")
	require.Equal(t, []any{true, 7.0, 7.0, 18.0}, []any{o["complete"], o["wanted"], o["wantedRight"], o["pieces"]})
	stdout, _ = shoal(t, exitFailed, "verify", "album.torrent", "--dir", "got", "--state", "off")
	require.Contains(t, stdout, "album: incomplete, ")
	stdout, _ = shoal(t, exitFailed, "verify", "album.torrent", "--dir", "got", "--select", "**")
	require.Contains(t, stdout, "  album/c.mkv: missing\n")

	seed := start(t, "seed", "album.torrent", "--dir", "got", "--listen", "off")
	seed.out.await(t, "album: seeding "+filepath.Join(mustAbs(t, "got"), "album")+", 97.7 KiB")
	seed.stop()
	seed.wait(t, exitOK)

	stdout, _ = get(exitOK, "--select", "**")
	require.Contains(t, stdout, "album: continuing at 38.8%\n")
	require.Contains(t, stdout, "album: complete in ")
	equalFolders(t, "album", "got/album")
	require.Equal(t, []string{"album"}, namesIn(t, "got"), "nothing is left beside the content")
	stdout, _ = shoal(t, exitOK, "verify", "album.torrent", "--dir", "got")
	require.Contains(t, stdout, "album: complete, all 18 pieces correct\n")
}

func mustAbs(t *testing.T, path string) string {
	t.Helper()
	abs, err := filepath.Abs(path)
	require.NoError(t, err)
	return abs
}

// namesIn returns the names of everything in a folder.
func namesIn(t *testing.T, dir string) (all []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	for _, e := range entries {
		all = append(all, e.Name())
	}
	return all
}

// Programs learn which part is wanted, and that not all is there.
func TestProgramsLearnWhatIsWanted(t *testing.T) {
	isolate(t)
	makePhotos(t)
	_, peer := seeding(t, "album.torrent")
	stdout, _ := shoal(t, exitOK, "get", "album.torrent", "--dir", "got", "--peer", peer, "--listen", "off", "-q", "--json", "--select", "3")
	o := event(t, stdout, "completed")
	require.NotContains(t, o, "all")
	require.Equal(t, []string{"album/c.mkv"}, filesBelow(t, "got"))
	last := map[string]any{}
	for _, o := range objects(t, stdout) {
		if o["event"] == "progress" {
			last = o
		}
	}
	require.Equal(t, []any{1.0, 0.0}, []any{last["share"], last["wantedLeft"]})
	require.Greater(t, last["left"], 0.0)
	stdout, _ = shoal(t, exitOK, "get", "album.torrent", "--dir", "got", "--peer", peer, "--listen", "off", "-q", "--json", "--select", "**")
	require.Equal(t, true, event(t, stdout, "completed")["all"])
}

// A link says which files it means; --select overrides that, and what a former run wanted does too.
func TestGetAPartByLink(t *testing.T) {
	isolate(t)
	makePhotos(t)
	link, _ := shoal(t, exitOK, "magnet", "album.torrent")
	link = strings.TrimSpace(link)
	_, peer := seeding(t, "album.torrent")
	get := func(code int, dir, link string, flags ...string) (stdout, stderr string) {
		return shoal(t, code, append([]string{"get", link, "--dir", dir, "--peer", peer, "--listen", "off", "-q"}, flags...)...)
	}
	stdout, _ := get(exitOK, "one", link+"&so=0,4")
	require.Contains(t, stdout, "album: 2 of 5 files wanted")
	require.Equal(t, []string{"album/a.jpg", "album/d/f.txt"}, filesBelow(t, "one"))
	get(exitOK, "one", link)
	require.Equal(t, []string{"album/a.jpg", "album/d/f.txt"}, filesBelow(t, "one"))
	get(exitOK, "two", link+"&so=0,4", "--select", "c.mkv")
	require.Equal(t, []string{"album/c.mkv"}, filesBelow(t, "two"))
	_, stderr := get(exitFailed, "three", link, "--select", "nothing")
	require.Contains(t, stderr, "--select nothing: no file of album matches\n")
	require.Contains(t, stderr, "\n        1    48.8 KiB  album/a.jpg\n")
	require.NoDirExists(t, "three")
}

// What cannot be chosen is an error before anything is downloaded.
func TestChoicesThatFail(t *testing.T) {
	isolate(t)
	makePhotos(t)
	for _, test := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{"get", "album.torrent", "--select", "*.JPG"}, exitFailed, "The case of letters counts, and it differs. There is:\n        1    48.8 KiB  album/a.jpg\n"},
		{[]string{"get", "album.torrent", "--select", ""}, exitUsage, `--select: "": it names no file`},
		{[]string{"get", "album.torrent", "--select", "!*"}, exitFailed, "--select leaves no file to download"},
		{[]string{"get", "album.torrent", "--metadata-only", "--select", "a.jpg"}, exitUsage, "--metadata-only downloads no files"},
		{[]string{"get", "-", "--choose"}, exitUsage, "the torrent comes from standard input; save it to a file, or name the files with --select"},
		{[]string{"get", "album.torrent", "--choose", "--json"}, exitUsage, "--json does not print"},
		{[]string{"get", "album.torrent", "--choose"}, exitUsage, "--choose needs a terminal"},
		{[]string{"get", "album.torrent", "--allocate", "all"}, exitUsage, `--allocate: "all" is not one of none, sparse and full`},
		{[]string{"get", "album.torrent", "--suffix", "a/b"}, exitUsage, `--suffix: "a/b" cannot end a name`},
		{[]string{"get", "album.torrent", "--incomplete-dir", "album.torrent"}, exitUsage, "--incomplete-dir: album.torrent is not a folder"},
		{[]string{"seed", "album", "--select", "a.jpg"}, exitUsage, "use --exclude"},
		{[]string{"verify", "album.torrent", "--select", "x"}, exitFailed, "--select x: no file of album matches"},
	} {
		t.Run(strings.Join(test.args, " "), func(t *testing.T) {
			_, stderr := shoal(t, test.code, append(test.args, "--dir", "got")...)
			require.Contains(t, stderr, test.want)
			require.NoDirExists(t, "got")
		})
	}
}

// Room is needed for what is wanted alone, also if a former run said what that is.
func TestPartNeedsLittleRoom(t *testing.T) {
	isolate(t)
	require.NoError(t, os.MkdirAll("album", 0o777))
	require.NoError(t, os.WriteFile("album/small", []byte("small"), 0o666))
	require.NoError(t, os.WriteFile("album/large", nil, 0o666))
	require.NoError(t, os.Truncate("album/large", 1<<20))
	shoal(t, exitOK, "create", "album")
	_, peer := seeding(t, "album.torrent")
	require.NoError(t, os.MkdirAll("got/album", 0o777))
	// Nothing can be made in the place of the large file.
	require.NoError(t, os.Mkdir("got/album/large", 0o777))
	flags := []string{"get", "album.torrent", "--dir", "got", "--peer", peer, "--listen", "off", "-q"}
	shoal(t, exitFailed, flags...)
	shoal(t, exitOK, append(slices.Clone(flags), "--select", "small")...)
	shoal(t, exitOK, flags...)

	// It does not keep the rest from being shared and checked, either.
	seed := start(t, "seed", "album.torrent", "--dir", "got", "--listen", "off")
	seed.out.await(t, "album: seeding ")
	seed.stop()
	seed.wait(t, exitOK)
	shoal(t, exitOK, "verify", "album.torrent", "--dir", "got")
	shoal(t, exitFailed, "verify", "album.torrent", "--dir", "got", "--select", "large")
}

// What verify with --select finds missing, the command that it prints gets.
func TestVerifyPrintsTheRepairOfAPart(t *testing.T) {
	isolate(t)
	makePhotos(t)
	_, peer := seeding(t, "album.torrent")
	stdout, _ := shoal(t, exitFailed, "verify", "album.torrent", "--dir", "got", "--select", "d", "--select", "!*.txt")
	commands := commandsIn(stdout)
	require.Len(t, commands, 1)
	runPrinted(t, commands[0]+" --quit-after-complete --peer "+peer)
	require.Equal(t, []string{"album/d/e.jpg"}, filesBelow(t, "got"))
	shoal(t, exitOK, "verify", "album.torrent", "--dir", "got")
}
