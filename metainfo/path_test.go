package metainfo_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/shoal-bt/shoal/metainfo/internal/sample"
	"github.com/stretchr/testify/require"
)

// paths returns the paths that files below x get.
func paths(t *testing.T, in ...list) (out []string) {
	t.Helper()
	i := parse(t, folder(in...))
	require.NoError(t, sample.CheckPaths(i))
	for _, f := range i.Entries {
		out = append(out, strings.TrimPrefix(f.Path, "x/"))
	}
	return out
}

func TestPathsAreCleaned(t *testing.T) {
	for _, test := range []struct {
		in   list
		want string
	}{
		{list{"a", "b c", "d.txt"}, "a/b c/d.txt"},
		{list{"..", "..", "bar"}, "bar"},
		{list{"a", "..", "b"}, "a/b"},
		{list{"."}, "_"},
		{list{""}, "_"},
		{list{"..", "/", ""}, "_"},
		{list{"abc/../../def", "/", "bar"}, "abc....def/bar"},
		{list{"/etc/passwd"}, "etcpasswd"},
		{list{"../"}, "_"},
		{list{"a\x00b"}, "ab"},
		{list{"\x00..\x00"}, "_"},
		{list{"safe\u202excod.exe"}, "safexcod.exe"},
		{list{"bad\xff\xfeutf"}, "bad__utf"},
		{list{"console", "com", "com10", "nul1"}, "console/com/com10/nul1"},
		{list{strings.Repeat("n", 300)}, strings.Repeat("n", 255)},
		{list{strings.Repeat("n", 300) + ".torrent"}, strings.Repeat("n", 247) + ".torrent"},
	} {
		require.Equal(t, []string{test.want}, paths(t, test.in), "%q", test.in)
	}
}

func TestNamesAreCleaned(t *testing.T) {
	require.Equal(t, "temp....abc", parse(t, minimal().with("name", "temp/../../abc")).Name)
	for _, name := range []string{"..", ".", "/", "\u202e"} {
		i := parse(t, minimal().with("name", name))
		require.Equal(t, i.IDs()[0].String(), i.Name)
		require.Equal(t, []string{name}, i.Entries[0].Original)
		i = parse(t, v2(dict{"a": leaf(1), "b": leaf(1)}).with("name", name))
		require.Equal(t, fmt.Sprintf("%x", i.HashV2), i.Name)
		require.NoError(t, sample.CheckPaths(i))
	}
}

func TestPathsAreDistinct(t *testing.T) {
	require.Equal(t, []string{"foo/bar.txt", "foo/bar.1.txt", "foo/bar.2.txt"},
		paths(t, list{"foo", "bar.txt"}, list{"foo", "bar.txt"}, list{"foo", "/bar.txt"}))
	require.Equal(t, []string{"_", "_.1"}, paths(t, list{"."}, list{".."}))
	// A number is not used if it makes the name of another file.
	require.Equal(t, []string{"a", "a.1", "a.2"}, paths(t, list{"a"}, list{"a.1"}, list{"a"}))
	// A folder keeps its name even if a file of that name comes first.
	require.Equal(t, []string{"a.1", "a/b", "a.2"}, paths(t, list{"a"}, list{"a", "b"}, list{"a"}))
	// A number does not make a name too long.
	long := strings.Repeat("n", 251) + ".txt"
	require.Equal(t, strings.Repeat("n", 240)+".1.txt", paths(t, list{long}, list{long})[1])
}

// A torrent whose names were cut or replaced may have thousands that collide.
func TestManyPathsCollide(t *testing.T) {
	var many []list
	for n := range 20_000 {
		many = append(many, list{strings.Repeat("n", 250) + fmt.Sprintf("%05d", n/2)})
	}
	i := parse(t, folder(many...).with("piece length", 1<<20))
	require.NoError(t, sample.CheckPaths(i))
	require.Equal(t, "x/"+strings.Repeat("n", 244)+".10000", i.Entries[19_999].Path)
}

// Names may be in the encoding that the torrent names, and "….utf-8" is preferred.
func TestNamesInOtherEncodings(t *testing.T) {
	read := func(encoding any, info dict) (out []string) {
		i := parseTorrent(t, "encoding", encoding, "info", info).Info
		require.NoError(t, sample.CheckPaths(i))
		for _, f := range i.Entries {
			out = append(out, f.Path)
		}
		return out
	}
	info := folder(list{"\xc4\xe3\xba\xc3"}, list{"\xc4\xa3", "b"}).with("name", "\xba\xc3")
	require.Equal(t, []string{"好/你好", "好/模/b"}, read("GBK", info), "also a name that is UTF-8 by chance")
	require.Equal(t, []string{"__/____", "__/ģ/b"}, read("UTF-8", info))
	require.Equal(t, []string{"__/____", "__/ģ/b"}, read(7, info))
	require.Equal(t, []string{"日本/表.txt"}, read("Shift_JIS", folder(list{"\x95\\.txt"}).with("name", "\x93\xfa\x96{")))
	require.Equal(t, []string{"日本"}, read("sjis", minimal().with("name", "\x93\xfa\x96{")))
	require.Equal(t, []string{"x/____", "x/____.1"}, read("", folder(list{"\xc4\xe3\xba\xc3"}, list{"\xba\xc3\xc4\xe3"})),
		"names that cannot be read stay distinct")
	mixed := folder(list{"\xba\xc3"}, list{"\xff\xff"}).with("name.utf-8", "ģ")
	require.Equal(t, []string{"ģ/好", "ģ/__"}, read("GBK", mixed), "bytes that the encoding does not have")
	require.Equal(t, []string{"x/ģ"}, read("GBK", folder(list{"ģ"})), "a torrent of which all is UTF-8")

	i := parseTorrent(t, "encoding", "GBK", "info", info).Info
	require.Equal(t, []string{"\xc4\xe3\xba\xc3"}, i.Entries[0].Original)
}

// A name that had to be changed may be that of a file that exists.
func TestExistingFiles(t *testing.T) {
	const own = "x\u202e/b\u202d.txt"
	i := parse(t, folder(list{"a"}, list{"b\u202d.txt"}).with("name", "x\u202e", "files", list{
		dict{"length": 10, "path": list{"a"}},
		dict{"length": 10, "path": list{"b\u202d.txt"}},
		dict{"attr": "l", "path": list{"l"}, "symlink path": list{"b\u202d.txt"}},
	}))
	require.Equal(t, "x/b.txt", i.Files()[1].Path)
	require.Equal(t, i.Files(), i.ExistingFiles(func(string) bool { return false }))
	var asked []string
	files := i.ExistingFiles(func(path string) bool { asked = append(asked, path); return path == own })
	require.Equal(t, []string{"x\u202e/a", own, "x\u202e/l"}, asked)
	require.Equal(t, "x/a", files[0].Path)
	require.Equal(t, own, files[1].Path)
	require.Equal(t, own, files[2].Symlink)

	// Two names do not become one file.
	i = parse(t, folder(list{"a\u202e"}, list{"a\u202e"}))
	files = i.ExistingFiles(func(string) bool { return true })
	require.Equal(t, "x/a\u202e", files[0].Path)
	require.Equal(t, "x/a.1", files[1].Path)
	single := parse(t, minimal().with("name", "b\u202ea"))
	require.Equal(t, "ba", single.Name)
	require.Equal(t, "b\u202ea", single.ExistingFiles(func(string) bool { return true })[0].Path)
}

func TestSymlinks(t *testing.T) {
	link := func(target ...any) dict {
		return dict{"attr": "lx", "length": 425, "path": list{"link"}, "symlink path": list(target)}
	}
	symlink := func(files ...any) string {
		i := parse(t, folder().with("files", list(files)))
		require.NoError(t, sample.CheckPaths(i))
		require.EqualValues(t, 10, i.Length, "a symlink has no length")
		for _, f := range i.Entries {
			if f.Symlink != "" {
				require.Zero(t, f.Length)
				return f.Symlink
			}
		}
		return ""
	}
	file := func(p ...any) dict { return dict{"length": 10, "path": list(p)} }
	require.Equal(t, "x/a/b", symlink(file("a", "b"), link("a", "b")))
	require.Equal(t, "x/a", symlink(file("a", "b"), link("a")), "a folder")
	require.Equal(t, "x/etc/passwd", symlink(file("a"), link("..", "..", "etc", "passwd")), "never out of the torrent")
	require.Equal(t, "x/_", symlink(file("a"), link("..")))
	require.Equal(t, "x/a.1", symlink(file("a", "b"), dict{"length": 0, "path": list{"a"}}, link("a")), "the name that the file got")
	require.Equal(t, "x/a/b", symlink(link("a/", "b"), file("a/", "b")))
}
