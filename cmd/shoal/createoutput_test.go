package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shoal-bt/shoal/metainfo"
)

// What is where the torrent should go survives, unless it is a .torrent file and the user
// said --force. It is looked at before the content is hashed.
func TestCreateSparesWhatIsNoTorrent(t *testing.T) {
	isolate(t)
	makeContent(t, 1<<18)
	writeFile(t, "mine.txt", "mine")
	writeFile(t, "a.torrent", "d4:infode")
	writeFile(t, "album/old.torrent", "d4:infode")
	require.NoError(t, os.Mkdir("folder.torrent", 0o777))
	require.NoError(t, os.Symlink("nothing", "dangling.torrent"))
	for _, test := range []struct {
		args []string
		want string // in stderr
	}{
		{[]string{"create", "album", "-o", "mine.txt", "--force"}, "mine.txt already exists and is not a .torrent file"},
		{[]string{"seed", "album", "-o", "mine.txt", "--force"}, "mine.txt already exists and is not a .torrent file"},
		{[]string{"create", "album", "-o", "folder.torrent", "--force"}, "folder.torrent is a folder"},
		{[]string{"create", "album", "-o", "nowhere/a.torrent"}, "nowhere/a.torrent: no such file"},
		{[]string{"create", "album", "-o", "mine.txt/a.torrent"}, "mine.txt/a.torrent: not a directory"},
		{[]string{"create", "album", "-o", "dangling.torrent"}, "dangling.torrent is a symlink to nothing"},
		{[]string{"create", "album", "-o", "album/readme.txt", "--force"}, "album/readme.txt is part of the content"},
		{[]string{"create", "album", "-o", "album/readme.txt", "--force", "--exclude", "x"}, "album/readme.txt already exists and is not a .torrent file"},
		{[]string{"create", "album", "-o", "album/old.torrent", "--force", "--exclude", "x"}, "album/old.torrent is part of the content"},
		{[]string{"create", "mine.txt", "-o", "mine.txt", "--force"}, "mine.txt is the content"},
		{[]string{"create", "a.torrent", "-o", "./a.torrent", "--force"}, "./a.torrent is the content"},
		{[]string{"create", "album", "-o", "a.torrent"}, "a.torrent already exists, and its content is different"},
	} {
		_, stderr := shoal(t, exitFailed, append(test.args, "--log-level", "off")...)
		require.Contains(t, stderr, test.want)
		require.NotContains(t, stderr, ".shoal-")
	}
	for name, want := range map[string]string{"mine.txt": "mine", "a.torrent": "d4:infode", "album/old.torrent": "d4:infode"} {
		b, err := os.ReadFile(name)
		require.NoError(t, err)
		require.Equal(t, want, string(b))
	}
	// A damaged .torrent file and an empty file are replaced, through a symlink too.
	writeFile(t, "empty", "")
	require.NoError(t, os.Chmod("empty", 0o600))
	require.NoError(t, os.Symlink("a.torrent", "link"))
	for _, name := range []string{"a.torrent", "empty", "link"} {
		shoal(t, exitOK, "create", "album", "-o", name, "--force", "--comment", name)
		meta, err := metainfo.ReadFile(name)
		require.NoError(t, err)
		require.Equal(t, name, meta.Comment)
	}
	fi, err := os.Lstat("link")
	require.NoError(t, err)
	require.NotZero(t, fi.Mode()&fs.ModeSymlink, "the link is still there")
	fi, err = os.Lstat("empty")
	require.NoError(t, err)
	require.Equal(t, fs.FileMode(0o600), fi.Mode().Perm())
	left, err := filepath.Glob(".shoal-*")
	require.NoError(t, err)
	require.Empty(t, left)
}

// The second time, the torrent of the current folder is in it.
func TestCreateInTheFolderItself(t *testing.T) {
	isolate(t)
	makeContent(t, 1<<18)
	t.Chdir("album")
	shoal(t, exitOK, "create", ".")
	_, stderr := shoal(t, exitFailed, "create", ".", "--force")
	require.Contains(t, stderr, "album.torrent is part of the content")
	stdout, _ := shoal(t, exitOK, "create", ".", "--exclude", "*.torrent")
	require.Contains(t, stdout, "already exists and is the same")
}

func TestCreateLeavesOut(t *testing.T) {
	isolate(t)
	for _, name := range []string{"f/a.txt", "f/a.tmp", "f/.DS_Store", "f/Thumbs.db", "f/sub/b.tmp"} {
		writeFile(t, name, "x")
	}
	stdout, _ := shoal(t, exitOK, "create", "f", "--exclude", "*.tmp", "--no-hidden")
	require.Contains(t, stdout, "left out   4 by --exclude and --no-hidden")
	meta, err := metainfo.ReadFile("f.torrent")
	require.NoError(t, err)
	require.Len(t, meta.Info.Entries, 1)
	_, stderr := shoal(t, exitFailed, "create", "f", "--exclude", "[", "-o", "g.torrent")
	require.Contains(t, stderr, `"[" is not a pattern of names`)
}

// create names what Shoal or other clients cannot do with the torrent.
func TestCreateWarns(t *testing.T) {
	isolate(t)
	writeFile(t, "f/cod\u202egpj.exe", "x")
	_, stderr := shoal(t, exitOK, "create", "f", "--private", "--web-seed", "http://web.example/secret/", "--node", "router.example:1")
	require.Contains(t, stderr, "private and names no tracker")
	require.Contains(t, stderr, "web.example: Shoal does not download from web seeds yet")
	require.NotContains(t, stderr, "router.example")
	require.Contains(t, stderr, `cod\u202egpj.exe: clients that download it call it codgpj.exe`)
	require.NotContains(t, stderr, "secret")
	_, stderr = shoal(t, exitOK, "create", "f", "-o", "g.torrent", "--private", "--announce", "udp://u.example:1/secret,http://h.example/a", "--announce", "wss://w.example/")
	require.NotContains(t, stderr, "u.example")
	require.Contains(t, stderr, "w.example: Shoal does not announce to WebSocket trackers yet")
	require.NotContains(t, stderr, "h.example")
	require.NotContains(t, stderr, "private and names no tracker")
	require.NotContains(t, stderr, "secret")
}

// A torrent with an odd part is shown, and says what is odd.
func TestInspectWarns(t *testing.T) {
	isolate(t)
	const info = "4:infod6:lengthi40000e4:name5:a.bin12:piece lengthi65536e6:pieces20:aaaaaaaaaaaaaaaaaaaae"
	for _, torrent := range []string{"d13:creation datei253402300800e" + info + "e", "d" + info + "e<!-- junk -->"} {
		writeFile(t, "odd.torrent", torrent)
		stdout, _ := shoal(t, exitOK, "inspect", "--json", "odd.torrent")
		o := objects(t, stdout)
		require.Len(t, o, 1)
		require.Len(t, o[0]["warnings"], 1)
		require.NotContains(t, o[0], "creationDate")
		stdout, _ = shoal(t, exitOK, "inspect", "odd.torrent")
		require.Contains(t, stdout, "warning")
		_, stderr := shoal(t, exitFailed, "verify", "odd.torrent")
		require.Contains(t, stderr, "odd.torrent: ")
	}
}
