package metainfo_test

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/shoal-bt/shoal/metainfo"
	"github.com/shoal-bt/shoal/swarm"
	"github.com/stretchr/testify/require"
)

func bytesOf(t *testing.T, tor *metainfo.Torrent) []byte {
	t.Helper()
	b, err := tor.Bytes()
	require.NoError(t, err)
	return b
}

func TestBuildIsReadBackAlike(t *testing.T) {
	for _, format := range formats {
		b := metainfo.Builder{
			Format: format, Private: true, Source: "S",
			Tiers: [][]string{{"http://a/", "http://b/"}, {"http://c/"}}, WebSeeds: []string{"http://w/"}, HTTPSeeds: []string{"http://h/"},
			Nodes: []string{"h:1"}, Comment: "c", CreatedBy: "me", Encoding: "UTF-8", CreationDate: time.Unix(99, 5),
			Similar: []swarm.ID{{1}}, Collections: []string{"x"},
		}
		tor := build(t, b, tree())
		requireSafe(t, tor.Info)
		require.Equal(t, format != metainfo.V2, tor.Info.HasV1())
		require.Equal(t, format != metainfo.V1, tor.Info.HasV2())
		require.True(t, tor.Info.Private)
		require.Equal(t, "S", tor.Info.Source)
		again, err := metainfo.Parse(bytesOf(t, tor))
		require.NoError(t, err)
		requireRoundTrip(t, again)
		require.Equal(t, bytesOf(t, tor), bytesOf(t, again))
		require.Equal(t, tor.IDs(), again.IDs())
		require.Equal(t, tor.Tiers, again.Tiers)
		require.Equal(t, tor.Nodes, again.Nodes)
		require.EqualValues(t, 99, again.CreationDate.Unix())
		require.Equal(t, tor.Info.Entries, again.Info.Entries)
		for _, f := range again.Info.Entries {
			if f.Name() == "e.bin" {
				require.True(t, f.Executable)
			}
			require.Equal(t, format == metainfo.V1 || f.Pad || f.Length == 0, f.PiecesRoot == [32]byte{})
		}
	}
}

// The info hashes were made by libtorrent 2.0.8 from the same bytes.
func TestBuildAsLibtorrent(t *testing.T) {
	data := make([]byte, 1_000_003)
	for i := range data {
		data[i] = byte(i*7 + i/251)
	}
	for _, test := range []struct {
		format metainfo.Format
		v1, v2 string
	}{
		{metainfo.V1, "df32831df46346f0bbf440a6f791877c028354ca", ""},
		{metainfo.V2, "", "9f72228c99ea65f117ed6cc4dc34576422a7ab76802bec7e555df2a4b0df1ad6"},
		{metainfo.Hybrid, "e391ef25e4e469e71432d638d489130d80e4a9e9", "d4ab7bfac6bdb1d4ea19f573e61b764048c8251c741bd8d0e7e4100ff327f0f0"},
	} {
		tor, err := metainfo.Builder{Format: test.format, PieceLength: 65536}.Bytes(context.Background(), "f", data)
		require.NoError(t, err)
		if test.v1 != "" {
			require.Equal(t, test.v1, hex.EncodeToString(tor.Info.HashV1[:]))
		}
		if test.v2 != "" {
			require.Equal(t, test.v2, hex.EncodeToString(tor.Info.HashV2[:]))
		}
		batch := inMemory(tor.Info, data)
		tor.Info.Verify(batch)
		for _, v := range batch {
			require.True(t, v.OK)
		}
	}
}

// plain hides that files can be read at any offset.
type plain struct{ fs.FS }

func (p plain) Open(name string) (fs.File, error) {
	f, err := p.FS.Open(name)
	if err != nil {
		return nil, err
	}
	if d, ok := f.(fs.ReadDirFile); ok {
		return d, nil
	}
	return struct{ fs.File }{f}, nil
}

func TestBuildIsTheSameHoweverItIsDone(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "folder")
	require.NoError(t, os.CopyFS(dir, tree()))
	for _, format := range formats {
		for _, length := range []int64{16 << 10, 128 << 10, 8 << 20} {
			b := metainfo.Builder{Format: format, PieceLength: length, Workers: 1, Name: "folder"}
			want := bytesOf(t, build(t, b, tree()))
			b.Workers = 5
			require.Equal(t, want, bytesOf(t, build(t, b, tree())))
			tor, err := b.FS(context.Background(), plain{tree()}, ".")
			require.NoError(t, err)
			require.Equal(t, want, bytesOf(t, tor))
			if runtime.GOOS != "windows" { // which has no executable bit
				tor, err = b.File(context.Background(), dir)
				require.NoError(t, err)
				require.Equal(t, want, bytesOf(t, tor))
			}
		}
	}
}

func TestBuildFromPiecesLongerThanABatch(t *testing.T) {
	data := content(9<<20+7, 3)
	for _, format := range formats {
		b := metainfo.Builder{Format: format, PieceLength: 8 << 20}
		tor, err := b.Bytes(context.Background(), "big", data)
		require.NoError(t, err)
		require.Equal(t, 2, tor.Info.Pieces())
		batch := inMemory(tor.Info, data)
		tor.Info.Verify(batch)
		require.True(t, batch[0].OK && batch[1].OK)
		files := fstest.MapFS{"big": {Data: data}}
		other, err := b.FS(context.Background(), plain{files}, "big")
		require.NoError(t, err)
		require.Equal(t, tor.IDs(), other.IDs())
	}
}

func TestBuildOneFile(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "one.bin")
	data := content(50_000, 1)
	require.NoError(t, os.WriteFile(name, data, 0o600))
	for _, format := range formats {
		b := metainfo.Builder{Format: format, PieceLength: 16 << 10}
		fromFile, err := b.File(context.Background(), name)
		require.NoError(t, err)
		require.True(t, fromFile.Info.Single)
		require.Equal(t, "one.bin", fromFile.Info.Entries[0].Path)
		fromBytes, err := b.Bytes(context.Background(), "one.bin", data)
		require.NoError(t, err)
		require.Equal(t, bytesOf(t, fromFile), bytesOf(t, fromBytes))
		fromFS, err := b.FS(context.Background(), os.DirFS(dir), "one.bin")
		require.NoError(t, err)
		require.Equal(t, bytesOf(t, fromFile), bytesOf(t, fromFS))

		b.Name = "other"
		renamed, err := b.File(context.Background(), name)
		require.NoError(t, err)
		require.Equal(t, "other", renamed.Info.Files()[0].Path)
		require.Equal(t, "one.bin", renamed.Info.BuiltFrom()[0].Path)
		again, err := metainfo.Parse(bytesOf(t, renamed))
		require.NoError(t, err)
		require.True(t, again.Info.Single)
		require.Nil(t, again.Info.BuiltFrom())
	}
	require.NoError(t, os.WriteFile(name, append(data, 1), 0o600))
}

func TestBuiltFromIsWhatIsOnDisk(t *testing.T) {
	files := fstest.MapFS{"aux.c": {Data: []byte("1")}, "A": {Data: []byte("2")}, "a": {Data: []byte("3")}, `b\c`: {Data: []byte("4")}}
	tor, err := metainfo.Builder{Format: metainfo.Hybrid, Name: "new"}.FS(context.Background(), fstest.MapFS{
		"old/aux.c": files["aux.c"], "old/A": files["A"], "old/a": files["a"], `old/b\c`: files[`b\c`],
	}, "old")
	require.NoError(t, err)
	var clean, disk []string
	for n, f := range tor.Info.Files() {
		if !f.Pad {
			clean = append(clean, f.Path)
			disk = append(disk, tor.Info.BuiltFrom()[n].Path)
		}
	}
	require.Equal(t, []string{"new/A", "new/a.1", "new/_aux.c", "new/bc"}, clean)
	require.Equal(t, []string{"old/A", "old/a", "old/aux.c", `old/b\c`}, disk)
}

func TestBuildFaults(t *testing.T) {
	ctx := context.Background()
	files := fstest.MapFS{"f": {Data: []byte("x")}, "empty/e": {Data: nil}, "deep/" + strings.Repeat("d/", 101) + "f": {Data: []byte("x")}}
	for _, test := range []struct {
		b     metainfo.Builder
		path  string
		fault string
	}{
		{metainfo.Builder{}, ".", "needs a name"},
		{metainfo.Builder{}, "nothing", "file does not exist"},
		{metainfo.Builder{Name: "a/b"}, "f", "cannot be the name"},
		{metainfo.Builder{Name: ".."}, "f", "cannot be the name"},
		{metainfo.Builder{Name: "\xff"}, "f", "cannot be the name"},
		{metainfo.Builder{PieceLength: 10}, "f", "piece length 10 is not a power of two"},
		{metainfo.Builder{PieceLength: 3 << 14}, "f", "is not a power of two"},
		{metainfo.Builder{PieceLength: 1 << 30}, "f", "is not a power of two"},
		{metainfo.Builder{Format: 9}, "f", "format 9 is not known"},
		{metainfo.Builder{}, "empty", "length is zero"},
		{metainfo.Builder{Nodes: []string{"x"}}, "f", "node"},
		{metainfo.Builder{}, "deep", "more than 100 folders deep"},
	} {
		_, err := test.b.FS(ctx, files, test.path)
		require.ErrorContains(t, err, test.fault)
		require.ErrorContains(t, err, "metainfo: building: ")
	}
	_, err := metainfo.Builder{}.Bytes(ctx, "x", nil)
	require.ErrorContains(t, err, "length is zero")
	_, err = metainfo.Builder{}.File(ctx, filepath.Join(t.TempDir(), "nothing"))
	require.ErrorIs(t, err, fs.ErrNotExist)
	_, err = metainfo.Builder{}.File(ctx, t.TempDir())
	require.ErrorContains(t, err, "the folder has no files")
	_, err = metainfo.Builder{Name: "n"}.FS(ctx, fstest.MapFS{"a\xff": {Data: []byte("x")}}, ".")
	require.ErrorContains(t, err, "the name is not UTF-8")
}

// changing gives files another length once they were listed.
type changing struct {
	fs.FS
	by int
}

func (c changing) Open(name string) (fs.File, error) {
	if strings.HasSuffix(name, "b.bin") {
		files := tree()
		data := files["b.bin"].Data
		if c.by < 0 {
			data = data[:len(data)+c.by]
		} else {
			data = append(data, make([]byte, c.by)...)
		}
		return fstest.MapFS{"b.bin": {Data: data}}.Open("b.bin")
	}
	return c.FS.Open(name)
}

func TestBuildSeesThatAFileChanged(t *testing.T) {
	for _, by := range []int{-1, 1} {
		_, err := metainfo.Builder{Name: "n"}.FS(context.Background(), changing{tree(), by}, ".")
		require.ErrorContains(t, err, fmt.Sprintf("b.bin: it had 100000 bytes and now has %d", 100_000+by))
	}
}

func TestBuildProgressAndCancel(t *testing.T) {
	var last, total int64
	b := metainfo.Builder{Format: metainfo.Hybrid, PieceLength: 16 << 10, Workers: 3, Name: "n", Progress: func(d, of int64) {
		require.Greater(t, d, last)
		last, total = d, of
	}}
	data := content(20<<20, 1)
	files := fstest.MapFS{"a": {Data: data}, "b": {Data: data[:1234567]}}
	tor, err := b.FS(context.Background(), files, ".")
	require.NoError(t, err)
	require.Equal(t, tor.Info.ContentLength(), last)
	require.Equal(t, last, total)

	ctx, cancel := context.WithCancelCause(context.Background())
	calls := 0
	enough := errors.New("enough")
	b.Workers, b.Progress = 1, func(int64, int64) { calls++; cancel(enough) }
	_, err = b.FS(ctx, files, ".")
	require.ErrorIs(t, err, enough)
	require.Equal(t, 1, calls)
	_, err = b.FS(ctx, files, ".")
	require.Error(t, err)
}

func TestBuildSymlinks(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("symlinks need a privilege there")
	}
	dir := t.TempDir()
	secret := filepath.Join(dir, "secret")
	require.NoError(t, os.WriteFile(secret, []byte("secret"), 0o600))
	top := filepath.Join(dir, "top")
	require.NoError(t, os.CopyFS(top, tree()))
	for link, target := range map[string]string{
		"in":        "b.bin",
		"c/up":      "../a/one",
		"todir":     "c/d",
		"through":   "todir/e.bin",
		"second":    "in",
		"absolute":  secret,
		"out":       "../secret",
		"c/out":     "../../secret",
		"self":      ".",
		"dangling":  "nothing",
		"dangling2": "dangling",
	} {
		require.NoError(t, os.Symlink(target, filepath.Join(top, link)))
	}
	require.NoError(t, os.Symlink(top, filepath.Join(dir, "alias")))
	for _, format := range formats {
		skipped := map[string]string{}
		b := metainfo.Builder{Format: format, Skipped: func(p, why string) { skipped[p] = why }}
		tor, err := b.File(context.Background(), filepath.Join(dir, "alias"))
		require.NoError(t, err)
		const out, nowhere = "it is a symlink that leads out of the torrent", "it is a symlink to nothing in the torrent"
		require.Equal(t, map[string]string{"absolute": out, "out": out, "c/out": out, "self": out, "dangling": nowhere, "dangling2": nowhere}, skipped)
		again, err := metainfo.Parse(bytesOf(t, tor))
		require.NoError(t, err)
		got := map[string]string{}
		for n, f := range again.Info.Files() {
			if f.Symlink != "" {
				got[f.Path] = f.Symlink
				require.Equal(t, f.Symlink, tor.Info.BuiltFrom()[n].Symlink)
			}
		}
		require.Equal(t, map[string]string{
			"alias/in": "alias/b.bin", "alias/c/up": "alias/a/one", "alias/todir": "alias/c/d",
			"alias/through": "alias/todir/e.bin", "alias/second": "alias/in",
		}, got)
		require.False(t, bytes.Contains(bytesOf(t, tor), []byte("secret")))

		b.NoSymlinks, b.Name = true, "folder"
		without, err := b.File(context.Background(), top)
		require.NoError(t, err)
		require.Equal(t, bytesOf(t, build(t, metainfo.Builder{Format: format}, tree())), bytesOf(t, without))
	}
}

func TestPolicies(t *testing.T) {
	const mib, gib, tib = int64(1) << 20, int64(1) << 30, int64(1) << 40
	for _, test := range []struct {
		p      metainfo.Policy
		f      metainfo.Format
		length int64
		want   int64
	}{
		{metainfo.Balanced, metainfo.V1, 1, 512 << 10},
		{metainfo.Balanced, metainfo.V1, 700 * mib, 512 << 10},
		{metainfo.Balanced, metainfo.V1, 4 * gib, 4 * mib},
		{metainfo.Balanced, metainfo.V1, 100 * gib, 16 * mib},
		{metainfo.FileSize, metainfo.V1, 1, mib},
		{metainfo.FileSize, metainfo.V1, 4 * gib, 8 * mib},
		{metainfo.Transfer, metainfo.V1, 1, 16 << 10},
		{metainfo.Transfer, metainfo.V1, 4 * gib, 2 * mib},
		{metainfo.Balanced, metainfo.V1, 4 * tib, 32 * mib},
		{metainfo.Balanced, metainfo.Hybrid, 4 * tib, 64 * mib},
		{metainfo.Balanced, metainfo.V1, 1 << 62, 512 * mib},
	} {
		require.Equal(t, test.want, test.p.PieceLength(test.length, test.f), "%+v", test)
	}
	require.Equal(t, "v1 v2 hybrid", fmt.Sprint(metainfo.V1, " ", metainfo.V2, " ", metainfo.Hybrid))
}

func BenchmarkBuild(b *testing.B) {
	data := content(64<<20, 1)
	for _, format := range formats {
		b.Run(format.String(), func(b *testing.B) {
			b.SetBytes(int64(len(data)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := (metainfo.Builder{Format: format, PieceLength: 1 << 20}).Bytes(context.Background(), "x", data); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
