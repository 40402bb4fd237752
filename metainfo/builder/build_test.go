package builder_test

import (
	"cmp"
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

	"github.com/shoal-bt/shoal/bencode"
	"github.com/shoal-bt/shoal/metainfo"
	"github.com/shoal-bt/shoal/metainfo/builder"
	"github.com/shoal-bt/shoal/metainfo/internal/sample"
	"github.com/shoal-bt/shoal/swarm"
	"github.com/stretchr/testify/require"
)

func bytesOf(t *testing.T, tor *metainfo.Torrent) []byte {
	t.Helper()
	b, err := tor.Bytes()
	require.NoError(t, err)
	return b
}

// build makes a torrent of a folder.
func build(t testing.TB, o builder.Options, files fstest.MapFS) *metainfo.Torrent {
	t.Helper()
	o.Name = cmp.Or(o.Name, "folder")
	tor, err := o.FS(context.Background(), files, ".")
	require.NoError(t, err)
	return tor
}

func TestBuiltTorrentsReadBackTheSame(t *testing.T) {
	for _, format := range sample.Formats {
		b := builder.Options{
			Format: format, Private: true, Source: "S",
			Tiers: [][]string{{"http://a/", "http://b/"}, {"http://c/"}}, WebSeeds: []string{"http://w/"}, HTTPSeeds: []string{"http://h/"},
			Nodes: []string{"h:1"}, Comment: "c", CreatedBy: "me", Encoding: "UTF-8", CreationDate: time.Unix(99, 5),
			Similar: []swarm.ID{{1}}, Collections: []string{"x"},
		}
		tor := build(t, b, sample.Folder())
		require.NoError(t, sample.CheckPaths(tor.Info))
		require.Equal(t, format != metainfo.V2, tor.Info.HasV1())
		require.Equal(t, format != metainfo.V1, tor.Info.HasV2())
		require.True(t, tor.Info.Private)
		require.Equal(t, "S", tor.Info.Source)
		again, err := metainfo.Parse(bytesOf(t, tor))
		require.NoError(t, err)
		third, err := metainfo.Parse(bytesOf(t, again))
		require.NoError(t, err)
		require.Equal(t, again, third)
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
		tor, err := builder.Options{Format: test.format, PieceLength: 65536}.Bytes(context.Background(), "f", data)
		require.NoError(t, err)
		if test.v1 != "" {
			require.Equal(t, test.v1, hex.EncodeToString(tor.Info.HashV1[:]))
		}
		if test.v2 != "" {
			require.Equal(t, test.v2, hex.EncodeToString(tor.Info.HashV2[:]))
		}
		batch := sample.InMemory(tor.Info, data)
		tor.Info.Verify(batch)
		for _, v := range batch {
			require.True(t, v.OK)
		}
	}
}

// plain is a file system whose files cannot be read at any offset.
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

func TestEveryWayToBuildGivesTheSameBytes(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "folder")
	require.NoError(t, os.CopyFS(dir, sample.Folder()))
	for _, format := range sample.Formats {
		for _, length := range []int64{16 << 10, 128 << 10, 8 << 20} {
			b := builder.Options{Format: format, PieceLength: length, Workers: 1, Name: "folder"}
			want := bytesOf(t, build(t, b, sample.Folder()))
			b.Workers = 5
			require.Equal(t, want, bytesOf(t, build(t, b, sample.Folder())))
			tor, err := b.FS(context.Background(), plain{sample.Folder()}, ".")
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
	data := sample.Bytes(9<<20+7, 3)
	for _, format := range sample.Formats {
		b := builder.Options{Format: format, PieceLength: 8 << 20}
		tor, err := b.Bytes(context.Background(), "big", data)
		require.NoError(t, err)
		require.Equal(t, 2, tor.Info.Pieces())
		batch := sample.InMemory(tor.Info, data)
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
	data := sample.Bytes(50_000, 1)
	require.NoError(t, os.WriteFile(name, data, 0o600))
	for _, format := range sample.Formats {
		b := builder.Options{Format: format, PieceLength: 16 << 10}
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
		require.Equal(t, "one.bin", renamed.BuiltFrom[0].Path)
		again, err := metainfo.Parse(bytesOf(t, renamed))
		require.NoError(t, err)
		require.True(t, again.Info.Single)
		require.Nil(t, again.BuiltFrom)
	}
	require.NoError(t, os.WriteFile(name, append(data, 1), 0o600))
}

func TestBuiltFromIsWhatIsOnDisk(t *testing.T) {
	const turned = "b\u202ecod.exe"
	files := fstest.MapFS{"aux.c": {Data: []byte("1")}, "A": {Data: []byte("2")}, "a": {Data: []byte("3")}, turned: {Data: []byte("4")}}
	tor, err := builder.Options{Format: metainfo.Hybrid, Name: "new"}.FS(context.Background(), fstest.MapFS{
		"old/aux.c": files["aux.c"], "old/A": files["A"], "old/a": files["a"], "old/" + turned: files[turned],
	}, "old")
	require.NoError(t, err)
	var clean, disk []string
	for n, f := range tor.Info.Files() {
		if !f.Pad {
			clean = append(clean, f.Path)
			disk = append(disk, tor.BuiltFrom[n].Path)
		}
	}
	if runtime.GOOS == "linux" {
		require.Equal(t, []string{"new/A", "new/a", "new/aux.c", "new/bcod.exe"}, clean)
	}
	require.Equal(t, []string{"old/A", "old/a", "old/aux.c", "old/" + turned}, disk)
}

func TestBuildFaults(t *testing.T) {
	ctx := context.Background()
	files := fstest.MapFS{"f": {Data: []byte("x")}, "empty/e": {Data: nil}, "deep/" + strings.Repeat("d/", 101) + "f": {Data: []byte("x")}}
	for _, test := range []struct {
		b     builder.Options
		path  string
		fault string
	}{
		{builder.Options{}, ".", "needs a name"},
		{builder.Options{}, "nothing", "file does not exist"},
		{builder.Options{Name: "a/b"}, "f", "cannot be the name"},
		{builder.Options{Name: ".."}, "f", "cannot be the name"},
		{builder.Options{Name: "\xff"}, "f", "cannot be the name"},
		{builder.Options{PieceLength: 10}, "f", "piece length 10 is not a power of two"},
		{builder.Options{PieceLength: 3 << 14}, "f", "is not a power of two"},
		{builder.Options{PieceLength: 1 << 30}, "f", "is not a power of two"},
		{builder.Options{Format: 9}, "f", "format 9 is not known"},
		{builder.Options{}, "empty", "length is zero"},
		{builder.Options{Nodes: []string{"x"}}, "f", "node"},
		{builder.Options{}, "deep", "more than 100 folders deep"},
	} {
		_, err := test.b.FS(ctx, files, test.path)
		require.ErrorContains(t, err, test.fault)
		require.ErrorContains(t, err, "metainfo: building: ")
	}
	_, err := builder.Options{}.Bytes(ctx, "x", nil)
	require.ErrorContains(t, err, "length is zero")
	empty := t.TempDir()
	_, err = builder.Options{}.File(ctx, filepath.Join(empty, "nothing"))
	require.ErrorIs(t, err, fs.ErrNotExist)
	_, err = builder.Options{}.File(ctx, empty)
	require.ErrorContains(t, err, "has no files")
	require.ErrorContains(t, err, "the folder "+filepath.Base(empty))
	_, err = builder.Options{Name: "n"}.FS(ctx, fstest.MapFS{"a\xff": {Data: []byte("x")}}, ".")
	require.ErrorContains(t, err, "the name is not UTF-8")
}

// changing gives a file another length after it was listed.
type changing struct {
	fs.FS
	by int
}

func (c changing) Open(name string) (fs.File, error) {
	if strings.HasSuffix(name, "b.bin") {
		files := sample.Folder()
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

func TestBuildFailsIfAFileChanges(t *testing.T) {
	for _, by := range []int{-1, 1} {
		_, err := builder.Options{Name: "n"}.FS(context.Background(), changing{sample.Folder(), by}, ".")
		require.ErrorContains(t, err, fmt.Sprintf("b.bin: it had 100000 bytes and now has %d", 100_000+by))
	}
}

// A file that grows, or is written to, is noticed also after it was read.
func TestBuildFailsIfAFileChangesMeanwhile(t *testing.T) {
	for fault, change := range map[string]func(name string) error{
		"it had 100000 bytes and now has 100001": func(name string) error {
			f, err := os.OpenFile(name, os.O_APPEND|os.O_WRONLY, 0)
			if err == nil {
				_, err = f.Write([]byte("x"))
				err = errors.Join(err, f.Close())
			}
			return err
		},
		"it was written to while it was read": func(name string) error { return os.Chtimes(name, time.Time{}, time.Unix(1, 0)) },
		"no such file":                        os.Remove,
	} {
		dir := t.TempDir()
		name := filepath.Join(dir, "f")
		require.NoError(t, os.WriteFile(name, sample.Bytes(100_000, 1), 0o600))
		for _, path := range []string{name, dir} {
			o := builder.Options{Progress: func(done, total int64) {
				if done == total {
					require.NoError(t, change(name))
				}
			}}
			_, err := o.File(context.Background(), path)
			require.ErrorContains(t, err, fault)
			require.NoError(t, os.WriteFile(name, sample.Bytes(100_000, 1), 0o600))
		}
	}
}

func TestPadsHaveDistinctPaths(t *testing.T) {
	files := fstest.MapFS{"a": {Data: []byte("1")}, "b": {Data: []byte("2")}, "c": {Data: []byte("34")}, "d": {Data: []byte("5")}, "e": {Data: []byte("6")}}
	padsOf := func() (paths []string) {
		tor, err := builder.Options{Format: metainfo.Hybrid, PieceLength: 16 << 10, Name: "n"}.FS(context.Background(), files, ".")
		require.NoError(t, err)
		// Info names pads by itself, because nothing needs their names.
		info, err := bencode.Scan(tor.Info.Raw, bencode.Options{})
		require.NoError(t, err)
		list, err := info.GetList("files")
		require.NoError(t, err)
		for f := range list.List() {
			if attr, _ := f.GetText("attr"); attr == "p" {
				path, err := f.GetList("path")
				require.NoError(t, err)
				var components []string
				for c := range path.List() {
					s, err := c.Text()
					require.NoError(t, err)
					components = append(components, s)
				}
				paths = append(paths, strings.Join(components, "/"))
			}
		}
		return paths
	}
	require.Equal(t, []string{".pad/16383", ".pad/16383.2", ".pad/16382", ".pad/16383.3"}, padsOf())
	files[".Pad/16383"] = &fstest.MapFile{Data: []byte("a folder of the user's")}
	require.Equal(t, ".pad_/16362", padsOf()[0])
}

func TestBuildProgressAndCancel(t *testing.T) {
	var last, total int64
	b := builder.Options{Format: metainfo.Hybrid, PieceLength: 16 << 10, Workers: 3, Name: "n", Progress: func(d, of int64) {
		require.Greater(t, d, last)
		last, total = d, of
	}}
	data := sample.Bytes(20<<20, 1)
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

func BenchmarkBuild(b *testing.B) {
	data := sample.Bytes(64<<20, 1)
	for _, format := range sample.Formats {
		b.Run(format.String(), func(b *testing.B) {
			b.SetBytes(int64(len(data)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := (builder.Options{Format: format, PieceLength: 1 << 20}).Bytes(context.Background(), "x", data); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
