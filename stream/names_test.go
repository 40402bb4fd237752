package stream

import (
	"mime"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

// hostileNames are names that a torrent may have to mislead people, browsers or us.
var hostileNames = []string{
	`"><script>alert(1)</script>`,
	"a%2fb.mp4", "a/../../b", "..", ".", "", "a\nSet-Cookie: x=y", "a\r\n\r\n<html>", "photo\u202egpj.exe",
	"a\"; filename=evil.exe; x=\"", `a\b"c`, "a;b,c=d", "%", "a\x00b", "\xff\xfe\x80", "日本語.mkv", "é.mp4",
	"javascript:alert(1)", "//evil.example/x", "?play=1", "#x", "{{.Style}}", "' onclick='alert(1)", "</style><script>",
	strings.Repeat("x", 100_000) + ".mp4", strings.Repeat("語", 1000) + ".mp4", "CON", "a.mp4.", " ",
	strings.Repeat("\x8e", 1000), strings.Repeat(".", 1000) + "x",
}

func TestDisposition(t *testing.T) {
	for _, test := range []struct{ path, want string }{
		{"a/b/film.mp4", `inline; filename="film.mp4"`},
		{"a b'c(1).mp4", `inline; filename="a b'c(1).mp4"`},
		{"é.mp4", `inline; filename="_.mp4"; filename*=UTF-8''%C3%A9.mp4`},
		{"100%.txt", `inline; filename="100_.txt"; filename*=UTF-8''100%25.txt`},
		{`a"b\c.txt`, `inline; filename="a_b_c.txt"`},
		{"a\r\nX: y", `inline; filename="a__X_ y"`},
		{"photo\u202egpj.exe", `inline; filename="photo_gpj.exe"`},
		{"a/..", `inline; filename="file"`},
		{"a/", `inline; filename="file"`},
		{"\xff.txt", `inline; filename="_.txt"`},
	} {
		require.Equal(t, test.want, disposition("inline", test.path), test.path)
	}
	long := fileName(strings.Repeat("語", 1000) + ".mp4")
	require.LessOrEqual(t, len(long), maxName)
	require.True(t, strings.HasSuffix(long, "語.mp4"))
}

// checkName checks that a name can be in headers and in a path.
func checkName(t *testing.T, name string) {
	header := disposition("attachment", name)
	require.NotRegexp(t, `[^ -~]`, header, "printable ASCII")
	kind, parameters, err := mime.ParseMediaType(header)
	require.NoError(t, err, header)
	require.Equal(t, "attachment", kind)
	require.Len(t, parameters, 1)
	got := parameters["filename"]
	require.Equal(t, fileName(name), got)
	require.NotEmpty(t, strings.Trim(got, "."))
	require.LessOrEqual(t, len(got), maxName)
	require.NotContains(t, got, "/")
	inPath := nameInPath(name)
	require.NotRegexp(t, `[^!-~]|[/?#"<>]`, inPath)
	require.NotEmpty(t, strings.Trim(inPath, "."))
	require.True(t, utf8.ValidString(shownName(name)))
}

func TestHostileNames(t *testing.T) {
	for _, name := range hostileNames {
		checkName(t, name)
	}
}

func FuzzNames(f *testing.F) {
	for _, name := range hostileNames {
		f.Add(name)
	}
	f.Fuzz(checkName)
}
