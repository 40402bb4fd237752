package metainfo

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The rules for Windows are tested on every system.
func TestWindowsRules(t *testing.T) {
	w := cleaner{windows: true, foldCase: true}
	for in, want := range map[string]string{
		`a<b>c:d"e|f?g*h`:                 "a_b_c_d_e_f_g_h",
		"file:stream":                     "file_stream",
		"dots...":                         "dots",
		"space ":                          "space",
		". .":                             "",
		"...":                             "",
		"con .":                           "_con",
		"C:":                              "C_",
		"a\\b\nc":                         "abc",
		"CON":                             "_CON",
		"con.txt":                         "_con.txt",
		"Aux .c":                          "_Aux .c",
		"COM1":                            "_COM1",
		"lpt9.tar.gz":                     "_lpt9.tar.gz",
		"com¹":                            "_com¹",
		"CONIN$":                          "_CONIN$",
		strings.Repeat("é", 300):          strings.Repeat("é", 255),
		strings.Repeat("𝄞", 200):          strings.Repeat("𝄞", 127),
		strings.Repeat("é", 300) + ".c":   strings.Repeat("é", 253) + ".c",
		"nul." + strings.Repeat("n", 300): "_nul." + strings.Repeat("n", 250),
	} {
		require.Equal(t, want, w.component(in), "%q", in)
	}
	require.Equal(t, "x/_", w.path("x", []string{"...", " "}))
	require.Equal(t, []string{"f", "F.1", "straße", "STRASSE", "ſ", "S.1", "a/b", "A.1"},
		distinctOf(w, "f", "F", "straße", "STRASSE", "ſ", "S", "a/b", "A"))
}

// What Linux can store keeps its name.
func TestUsersOwnNames(t *testing.T) {
	names := []string{
		"aux.c", "con", "COM1", "nul.tar.gz", "README", "readme", `back\slash`, "new\nline", "tab\t", "\x1b[31m",
		"\u200fעברית", "\u202aC", "a:b?", `<>"|*`, "dots...", "space ", " ", "...", "-rf", "~", "\x7f", "\u0085", "\u2066x\u2069",
		strings.Repeat("n", 255), strings.Repeat("é", 127) + "n",
	}
	c := cleaner{}
	for _, name := range names {
		require.Equal(t, name, c.component(name))
	}
	require.Equal(t, names, distinctOf(c, names...))
	require.Equal(t, strings.Repeat("é", 127), c.component(strings.Repeat("é", 150)))
}

func distinctOf(c cleaner, paths ...string) []string {
	files := make([]File, len(paths))
	for n, p := range paths {
		files[n].Path = p
	}
	c.distinct(files)
	for n := range files {
		paths[n] = files[n].Path
	}
	return paths
}
