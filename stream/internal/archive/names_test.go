package archive

import (
	"io/fs"
	"path"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
)

// checkName checks what holds for every path of an archive.
func checkName(t testing.TB, name string) {
	assert.True(t, fs.ValidPath(name) && (name != "."), "%q is not a relative path", name)
	assert.True(t, utf8.ValidString(name), "%q is not UTF-8", name)
	assert.LessOrEqual(t, len(name), maxPath+maxNumber)
	assert.NotContains(t, name, `\`)
	for component := range strings.SplitSeq(name, "/") {
		assert.LessOrEqual(t, len(component), maxName)
		assert.False(t, isDevice(component), "%q is a device", component)
		assert.Equal(t, strings.TrimRight(component, ". "), component)
		assert.Equal(t, strings.Map(safeRune, component), component)
	}
}

func TestSafePath(t *testing.T) {
	long := strings.Repeat("x", 300)
	deep := strings.Repeat("folder/", 1_000)
	for in, want := range map[string]string{
		"a/b.txt":                         "a/b.txt",
		"..":                              "_",
		"":                                "_",
		"/":                               "_",
		"a/":                              "a/_",
		"../../etc/passwd":                "etc/passwd",
		"a/../../b":                       "a/b",
		"a/./b//c":                        "a/b/c",
		"/etc/passwd":                     "etc/passwd",
		"//server/share":                  "server/share",
		`\\server\share`:                  "__server_share",
		`..\..\windows\system32`:          ".._.._windows_system32",
		`C:\autoexec.bat`:                 "C__autoexec.bat",
		"C:/autoexec.bat":                 "C_/autoexec.bat",
		"file.txt:stream":                 "file.txt_stream",
		"CON":                             "_CON",
		"con.txt/aux":                     "_con.txt/_aux",
		"nul .tar.gz":                     "_nul .tar.gz",
		"lpt9":                            "_lpt9",
		"com¹.txt":                        "_com¹.txt",
		"COM10":                           "COM10",
		"console":                         "console",
		"CONIN$":                          "_CONIN$",
		"a. . /b..":                       "a/b",
		"... /x":                          "x",
		" a":                              " a",
		"a\x00b\r\nc\x7f\u0085\x1b[31m":   "a_b__c___[31m",
		"a\xff\xfeb":                      "a\ufffd\ufffdb",
		"photo\u202egnp.exe":              "photo_gnp.exe",
		"\u2066a\u2069\u2028":             "_a__",
		`"><script>alert(1)</script>`:     "___script_alert(1)_/script_",
		"a%2fb":                           "a%2fb",
		"שלום\u200f.txt":                  "שלום\u200f.txt",
		long:                              long[:255],
		long + ".tar.gz":                  long[:252] + ".gz",
		strings.Repeat("é", 200) + ".mp3": strings.Repeat("é", 125) + ".mp3",
		strings.Repeat(".", 300) + "a":    strings.Repeat(".", 253) + ".a",
		deep + "name":                     deep[:3990] + "name",
		"." + long + "/a":                 "." + long[:254] + "/a",
	} {
		got := safePath(in)
		checkName(t, got)
		assert.Equal(t, want, got, "%q", in)
	}
}

// namesOf returns the names that an archive gives to files.
func namesOf(in ...string) []string {
	entries := make([]Entry, len(in))
	for i := range in {
		entries[i].Name = in[i]
	}
	return safeNames(entries)
}

func TestNamesDiffer(t *testing.T) {
	long := strings.Repeat("x", 300)
	stem := long[:maxName-maxNumber-4]
	for _, test := range []struct{ in, want []string }{
		{[]string{"a.txt", "a.txt", "a.txt"}, []string{"a.txt", "a (2).txt", "a (3).txt"}},
		{[]string{"a.txt", "A.TXT"}, []string{"a.txt", "A (2).TXT"}},
		{[]string{"a (2).txt", "a.txt", "a.txt"}, []string{"a (2).txt", "a.txt", "a (3).txt"}},
		{[]string{"d/a", "e/a"}, []string{"d/a", "e/a"}},
		{[]string{"d/a", "D/A"}, []string{"d/a", "D/A (2)"}},
		{[]string{"a", "a/b"}, []string{"a (2)", "a/b"}},
		{[]string{"a/b/c", "A", "a/B"}, []string{"a/b/c", "A (2)", "a/B (2)"}},
		{[]string{"a", "a/b", "a (2)/c"}, []string{"a (3)", "a/b", "a (2)/c"}},
		{[]string{"a:b", "a?b"}, []string{"a_b", "a_b (2)"}},
		{[]string{"K", "\u212a"}, []string{"K", "\u212a (2)"}},
		{[]string{"", "/", ".."}, []string{"_", "_ (2)", "_ (3)"}},
		{[]string{long + ".mp3", long + "y.mp3"}, []string{long[:251] + ".mp3", stem + " (2).mp3"}},
	} {
		assert.Equal(t, test.want, namesOf(test.in...))
	}
}

// A stranger's names must not cost the square of their number: without the counters the first
// list would take minutes, and without the cut before the counter the second would.
func TestManyEqualNames(t *testing.T) {
	const count = 30_000
	equal, alike := make([]string, count), make([]string, count)
	for i := range count {
		equal[i] = "a"
		alike[i] = strings.Repeat("x", 255) + strings.Repeat("y", i%100)
	}
	assert.Equal(t, "a (30000)", namesOf(equal...)[count-1])
	seen := map[string]bool{}
	for _, name := range namesOf(alike...) {
		assert.False(t, seen[name])
		seen[name] = true
	}
	nested := namesOf(strings.Repeat("a/", 1_900)+"b", strings.Repeat("A/", 1_900)+"B")
	assert.Equal(t, "B (2)", path.Base(nested[1]))
}
