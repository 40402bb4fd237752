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
		{list{"\\", "\\", "bar"}, "bar"},
		{list{"..\\..\\bar"}, "....bar"},
		{list{"../"}, "_"},
		{list{"a\x00b\x01\x7f\u0085c"}, "abc"},
		{list{"\x00..\x00"}, "_"},
		{list{"safe\u202excod.exe"}, "safexcod.exe"},
		{list{"bad\xff\xfeutf"}, "bad_utf"},
		{list{"...."}, "...."},
		{list{"CON"}, "_CON"},
		{list{"con.txt"}, "_con.txt"},
		{list{"Aux .c"}, "_Aux .c"},
		{list{"COM1", "lpt9.tar.gz"}, "_COM1/_lpt9.tar.gz"},
		{list{"com¹"}, "_com¹"},
		{list{"CONIN$"}, "_CONIN$"},
		{list{"console", "com", "com10", "nul1"}, "console/com/com10/nul1"},
		{list{strings.Repeat("n", 300)}, strings.Repeat("n", 240)},
		{list{strings.Repeat("n", 300) + ".torrent"}, strings.Repeat("n", 232) + ".torrent"},
		{list{strings.Repeat("é", 150)}, strings.Repeat("é", 120)},
		{list{"x" + strings.Repeat("é", 150)}, "x" + strings.Repeat("é", 119)},
		{list{"nul." + strings.Repeat("n", 300)}, "_nul." + strings.Repeat("n", 235)},
	} {
		require.Equal(t, []string{test.want}, paths(t, test.in), "%q", test.in)
	}
}

func TestNamesAreCleaned(t *testing.T) {
	require.Equal(t, "temp....abc", parse(t, minimal().with("name", "temp/../../abc")).Name)
	require.Equal(t, "_nul", parse(t, minimal().with("name", "nul")).Entries[0].Path)
	for _, name := range []string{"..", ".", "/", "\\\x01"} {
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
	require.Equal(t, []string{"f", "F.1", "_", "_.1"}, paths(t, list{"f"}, list{"F"}, list{"."}, list{".."}))
	require.Equal(t, []string{"straße", "STRASSE", "ſ", "S.1"}, paths(t, list{"straße"}, list{"STRASSE"}, list{"ſ"}, list{"S"}))
	// A number is not used if it makes the name of another file.
	require.Equal(t, []string{"a", "a.1", "a.2"}, paths(t, list{"a"}, list{"a.1"}, list{"a"}))
	// A folder keeps its name even if a file of that name comes first.
	require.Equal(t, []string{"a.1", "a/b", "A.2"}, paths(t, list{"a"}, list{"a", "b"}, list{"A"}))
	// A number does not make a name too long.
	long := strings.Repeat("n", 236) + ".txt"
	got := paths(t, list{long}, list{long})
	require.Equal(t, strings.Repeat("n", 234)+".1.txt", got[1])

	var many []list
	for range 501 {
		many = append(many, list{"a"})
	}
	i := parse(t, folder(many...))
	require.Equal(t, "x/a.500", i.Entries[500].Path)
	refuse(t, folder(append(many, list{"a"})...), "more than 500 paths collide with others")
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
	require.Equal(t, "x/_con", symlink(file("con"), link("con")), "the name that the file got")
	require.Equal(t, "x/a/b", symlink(link("a/", "b"), file("a/", "b")))
}
