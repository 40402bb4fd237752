package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shoal-bt/shoal/cmd/shoal/internal/sample"
	"github.com/shoal-bt/shoal/metainfo"
)

// makeContent writes a folder of several files, and returns its path.
func makeContent(t *testing.T, size int64) string {
	t.Helper()
	require.NoError(t, sample.Write(t.Context(), "album", sample.Files(size), 7, func(int64) {}))
	return "album"
}

func TestCreateInspectVerify(t *testing.T) {
	for _, format := range []string{"v1", "v2", "hybrid"} {
		t.Run(format, func(t *testing.T) {
			isolate(t)
			makeContent(t, 1<<20)
			stdout, _ := shoal(t, exitOK, "create", "album", "--format", format, "--piece-length", "32KiB",
				"--announce", "http://one.example/announce,http://two.example/announce", "--announce", "udp://three.example:1",
				"--comment", "a comment", "--created-by", "a test", "--private", "--source", "SRC",
				"--web-seed", "http://web.example/", "--node", "router.example:6881")
			require.Contains(t, stdout, "Wrote album.torrent.")
			require.Contains(t, stdout, "pieces")

			inspected, _ := shoal(t, exitOK, "inspect", "--json", "album.torrent")
			o := objects(t, inspected)[0]
			require.Equal(t, "album", o["name"])
			require.Equal(t, format, o["format"])
			require.EqualValues(t, 1<<20, o["length"])
			require.EqualValues(t, 32<<10, o["pieceLength"])
			require.Equal(t, []any{[]any{"http://one.example/announce", "http://two.example/announce"}, []any{"udp://three.example:1"}}, o["trackers"])
			require.Equal(t, "a comment", o["comment"])
			require.Equal(t, "a test", o["createdBy"])
			require.Equal(t, true, o["private"])
			require.Equal(t, "SRC", o["source"])
			require.Equal(t, []any{"http://web.example/"}, o["webSeeds"])
			require.Equal(t, []any{"router.example:6881"}, o["nodes"])
			require.Equal(t, format != "v2", o["infoHash"] != nil)
			require.Equal(t, format != "v1", o["infoHashV2"] != nil)
			meta, err := metainfo.ReadFile("album.torrent")
			require.NoError(t, err)
			require.Equal(t, meta.Magnet().String(), o["magnet"])

			text, _ := shoal(t, exitOK, "inspect", "album.torrent")
			for _, want := range []string{"album\n", format, "http://two.example/announce", "a comment", "32 KiB", "album/film.mkv", "yes: peers"} {
				require.Contains(t, text, want)
			}

			stdout, _ = shoal(t, exitOK, "verify", "album.torrent")
			require.Contains(t, stdout, "album: complete")
		})
	}
}

func TestVerifyNamesFaults(t *testing.T) {
	isolate(t)
	makeContent(t, 1<<20)
	shoal(t, exitOK, "create", "album", "--piece-length", "16KiB")
	spoil := func(path string, change func(b []byte) []byte) {
		b, err := os.ReadFile(path)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(path, change(b), 0o666))
	}
	require.NoError(t, os.Remove("album/readme.txt"))
	require.NoError(t, os.Remove("album/empty.txt"))
	spoil("album/album/01.flac", func(b []byte) []byte { return b[:len(b)-1] })
	spoil("album/album/02.flac", func(b []byte) []byte { return append(b, 0) })
	spoil("album/film.mkv", func(b []byte) []byte { b[len(b)-1]++; return b })

	stdout, stderr := shoal(t, exitFailed, "verify", "album.torrent")
	require.Empty(t, stderr)
	for _, want := range []string{
		"album: incomplete", "album/readme.txt: missing", "album/empty.txt: missing",
		"album/album/01.flac: shorter", "album/album/02.flac: longer", "album/film.mkv: ",
	} {
		require.Contains(t, stdout, want)
	}
	stdout, _ = shoal(t, exitFailed, "verify", "--json", "album.torrent")
	o := event(t, stdout, "verified")
	require.Equal(t, false, o["complete"])
	faults := make(map[any]any)
	for _, f := range o["faults"].([]any) {
		faults[f.(map[string]any)["path"]] = f.(map[string]any)["fault"]
	}
	require.Equal(t, "missing", faults["album/empty.txt"])
	require.Equal(t, "shorter", faults["album/album/01.flac"])
	require.Equal(t, "longer", faults["album/album/02.flac"])
	require.Equal(t, "wrong", faults["album/film.mkv"])

	stdout, _ = shoal(t, exitFailed, "verify", "album.torrent", "--dir", "elsewhere")
	require.Contains(t, stdout, "Say where they are with --dir")
	require.NoDirExists(t, "elsewhere", "a check makes nothing")
}

func TestCreateKeepsWhatIsThere(t *testing.T) {
	isolate(t)
	makeContent(t, 1<<18)
	shoal(t, exitOK, "create", "album")
	before, err := os.ReadFile("album.torrent")
	require.NoError(t, err)
	stdout, _ := shoal(t, exitOK, "create", "album")
	require.Contains(t, stdout, "already exists and is the same")
	_, stderr := shoal(t, exitFailed, "create", "album", "--comment", "other")
	require.Contains(t, stderr, "--force")
	require.NoError(t, os.WriteFile("mine.txt", []byte("mine"), 0o666))
	shoal(t, exitFailed, "create", "album", "-o", "mine.txt")
	after, err := os.ReadFile("album.torrent")
	require.NoError(t, err)
	require.Equal(t, before, after)
	mine, err := os.ReadFile("mine.txt")
	require.NoError(t, err)
	require.Equal(t, "mine", string(mine))
	shoal(t, exitOK, "create", "album", "--comment", "other", "--force")
	shoal(t, exitFailed, "create", "album", "-o", "mine.txt", "--force")
	mine, err = os.ReadFile("mine.txt")
	require.NoError(t, err)
	require.Equal(t, "mine", string(mine), "only a .torrent file is replaced")
	left, err := filepath.Glob(".shoal-*")
	require.NoError(t, err)
	require.Empty(t, left)
}

func TestCreateToStandardOutput(t *testing.T) {
	isolate(t)
	makeContent(t, 1<<18)
	stdout, _ := shoal(t, exitOK, "create", "album", "-o", "-", "--no-date")
	meta, err := metainfo.Parse([]byte(stdout))
	require.NoError(t, err)
	require.True(t, meta.CreationDate.IsZero())
	again, _ := shoal(t, exitOK, "create", "album", "-o", "-", "--no-date")
	require.Equal(t, stdout, again)

	out, errs := newOutput(), newOutput()
	require.Equal(t, exitOK, run(t.Context(), []string{"inspect", "--json", "-"}, strings.NewReader(stdout), out, errs))
	var o map[string]any
	require.NoError(t, json.Unmarshal([]byte(out.String()), &o))
	require.Equal(t, "album", o["name"])
}

func TestInspectMagnet(t *testing.T) {
	isolate(t)
	link := "magnet:?xt=urn:btih:759e204b882a448fab5db947885418aeff0ff829&dn=fi%1Blm&xl=2048&tr=http%3A%2F%2Ft.example%2Fannounce&x.pe=192.0.2.7:6881"
	stdout, _ := shoal(t, exitOK, "inspect", link)
	for _, want := range []string{`fi\x1blm`, "759e204b882a448fab5db947885418aeff0ff829", "2.0 KiB", "http://t.example/announce", "192.0.2.7:6881"} {
		require.Contains(t, stdout, want)
	}
	stdout, _ = shoal(t, exitOK, "inspect", "--json", link)
	require.Equal(t, "759e204b882a448fab5db947885418aeff0ff829", objects(t, stdout)[0]["infoHash"])
	shoal(t, exitFailed, "inspect", "magnet:?dn=x")

	stdout, _ = shoal(t, exitOK, "inspect", "--json", link+"&so=3-1")
	require.Len(t, objects(t, stdout)[0]["warnings"], 1)
}
