package main

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestCreatePrintsACommandThatWorks runs what create prints, until it shares everything.
func TestCreatePrintsACommandThatWorks(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("names are others there")
	}
	in := func(dir string) func(t *testing.T) {
		return func(t *testing.T) { t.Chdir(dir) }
	}
	link := func(target, name string) func(t *testing.T) {
		return func(t *testing.T) { require.NoError(t, os.Symlink(target, name)) }
	}
	long := strings.Repeat("n", 255)
	const turned = "cod\u202egpj.exe"
	for _, test := range []struct {
		name    string
		content string // a file, or a folder if it ends in a slash
		before  func(t *testing.T)
		args    []string
	}{
		{"folder", "album/", nil, []string{"album"}},
		{"slash", "album/", nil, []string{"album/"}},
		{"slashes", "album/", nil, []string{"./album//"}},
		{"file", "film.mkv", nil, []string{"film.mkv"}},
		{"below", "a/b/album/", nil, []string{"a/b/album/"}},
		{"dot", "album/", in("album"), []string{"."}},
		{"dot dot", "album/sub/", in("album/sub"), []string{".."}},
		{"beside", "a/album/", in("a"), []string{"../a/album"}},
		{"absolute", "album/", nil, []string{"ABS/album/"}},
		{"dash", "-album/", nil, []string{"./-album"}},
		{"dash below", "-a/film", nil, []string{"./-a/film"}},
		{"only a dash", "-/", nil, []string{"./-"}},
		{"like a magnet", "magnet:x", nil, []string{"./magnet:x"}},
		{"comma", "a,b/", nil, []string{"a,b"}},
		{"spaces", " a b /", nil, []string{" a b "}},
		{"quotes", `it's "quoted" $HOME \n`, nil, []string{`it's "quoted" $HOME \n`}},
		{"newline", "a\nb/", nil, []string{"a\nb"}},
		{"escape", "a\x1b[31m\tb", nil, []string{"a\x1b[31m\tb"}},
		{"mark", "\u200fa/", nil, []string{"\u200fa"}},
		{"turned", turned + "/", nil, []string{turned}},
		{"turned file", turned, nil, []string{turned}},
		{"long", long + "/", nil, []string{long}},
		{"like a torrent", "a.torrent/", nil, []string{"a.torrent"}},
		{"other name", "album/", nil, []string{"album", "--name", "it's\nother"}},
		{"other name of a file", "a/film", nil, []string{"a/film", "--name", "other", "--format", "hybrid", "--announce",
			"http://127.0.0.1:1/a,http://127.0.0.1:2/a", "--comment=-c", "--source", "s", "--private", "--no-date", "--node", "h:1"}},
		{"excluded", "album/", nil, []string{"album", "--name", "other", "--exclude", "*b*", "--no-hidden"}},
		{"link", "album/", link("album", "other"), []string{"other"}},
		{"link of the same name", "a/album/", link("a/album", "album"), []string{"album"}},
		{"link to a file", "film", link("film", "other"), []string{"other"}},
		{"folder behind a link", "a/album/", link("a", "b"), []string{"b/album"}},
		{"output", "album/", nil, []string{"album", "-o", "./-o.torrent"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := isolate(t)
			content := test.content
			if strings.HasSuffix(content, "/") {
				for _, name := range []string{"aux.c", "README", "readme", `back\slash`, "new\nline", "\u200fright", turned, ".hidden", "sub/b"} {
					writeFile(t, content+name, name)
				}
			} else {
				writeFile(t, content, "content")
			}
			if test.before != nil {
				test.before(t)
			}
			for i := range test.args {
				test.args[i] = strings.Replace(test.args[i], "ABS", dir, 1)
			}
			stdout, _ := shoal(t, exitOK, append([]string{"create"}, test.args...)...)
			_, command, ok := strings.Cut(stdout, "To share it: shoal ")
			require.True(t, ok, stdout)
			command = strings.TrimSuffix(command, "\n")
			require.NotContains(t, command, "\n")
			args := shellWords(t, command)
			r := start(t, append(args, "--state", "off", "--listen", "127.0.0.1:0")...)
			r.out.await(t, ": seeding ")
			r.stop()
			r.wait(t, exitOK)
			if args[len(args)-2] == "--dir" {
				stdout, _ = shoal(t, exitOK, append([]string{"verify"}, args[1:]...)...)
				require.Contains(t, stdout, "complete")
			}
		})
	}
}

func writeFile(t *testing.T, path, content string) {
	t.Helper()
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o777))
	require.NoError(t, os.WriteFile(path, []byte(content), 0o666))
}
