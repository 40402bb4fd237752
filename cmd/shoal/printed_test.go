package main

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shoal-bt/shoal/cmd/shoal/internal/shell"
	"github.com/shoal-bt/shoal/trackerserver"
)

// commandsIn returns the commands that a text tells people to run: in quotes, or to the end
// of a line.
func commandsIn(text string) (all []string) {
	start := regexp.MustCompile(`(^|[\s"` + "`" + `])(` + regexp.QuoteMeta(shell.Program()) + ` (?:dht|get|stream|cat|seed|create|inspect|verify|scrape|tracker|demo|help|version|--))`)
	for line := range strings.Lines(text) {
		for _, at := range start.FindAllStringSubmatchIndex(line, -1) {
			command := strings.TrimSpace(line[at[4]:])
			if quote := line[at[2]:at[3]]; quote == `"` || quote == "`" {
				command, _, _ = strings.Cut(command, quote)
			}
			command, _, _ = strings.Cut(command, " | ")
			command, _, _ = strings.Cut(command, " > ")
			all = append(all, command)
		}
	}
	return all
}

// shellWords splits a command as a shell does, with quotes and $'…'.
func shellWords(t *testing.T, line string) (words []string) {
	t.Helper()
	word, inWord := "", false
	for line = strings.TrimSpace(line) + " "; line != ""; {
		switch {
		case line[0] == ' ':
			if inWord {
				words = append(words, word)
			}
			word, inWord, line = "", false, line[1:]
			continue
		case strings.HasPrefix(line, "$'"):
			end := 2
			for line[end] != '\'' {
				if line[end] == '\\' {
					end++
				}
				end++
			}
			text, err := strconv.Unquote(`"` + strings.ReplaceAll(strings.ReplaceAll(line[2:end], `\'`, `'`), `"`, `\"`) + `"`)
			require.NoError(t, err)
			word, line = word+text, line[end+1:]
		case line[0] == '\'' || line[0] == '"':
			text, rest, ok := strings.Cut(line[1:], line[:1])
			require.True(t, ok, "a quote is not closed: %s", line)
			word, line = word+text, rest
		case line[0] == '\\':
			word, line = word+line[1:2], line[2:]
		default:
			word, line = word+line[:1], line[1:]
		}
		inWord = true
	}
	return words
}

// runPrinted runs a command that was printed, in the current folder. Commands that go on
// until Ctrl-C are stopped when they have begun.
func runPrinted(t *testing.T, command string, codes ...int) {
	t.Helper()
	words := shellWords(t, strings.TrimPrefix(command, shell.Program()+" "))
	r := start(t, words...)
	forever := (slices.Contains([]string{"get", "stream", "seed", "tracker"}, words[0]) || slices.Contains(words, "--repeat")) && !slices.Contains(words, "--metadata-only") && !slices.Contains(words, "--quit-after-complete") && !slices.Contains(words, "--help")
	if forever {
		ready := "Listening at "
		switch {
		case words[0] == "tracker":
			ready = "Announce URL: "
		case words[0] == "dht":
			ready = "until Ctrl-C"
		case slices.Contains(words, "--json"):
			ready = `"listening"`
		}
		r.out.await(t, ready)
		r.stop()
		codes = append(codes, exitInterrupted)
	}
	code := <-r.code
	require.Contains(t, append(codes, exitOK), code, "%s\nstdout:\n%s\nstderr:\n%s", command, r.out, r.err)
}

// Each command that a message tells people to run works where it is printed.
func TestPrintedCommandsWork(t *testing.T) {
	for _, test := range []struct {
		name  string
		setUp func(t *testing.T)
		args  []string
		code  int
		want  int // commands that are printed
	}{
		{"a folder to get", nil, []string{"get", "album"}, exitFailed, 2},
		{"a folder to inspect", nil, []string{"inspect", "album"}, exitFailed, 2},
		{"a folder that is named like a flag", nil, []string{"verify", "--", "-album"}, exitFailed, 2},
		{"a command that is missing", nil, nil, exitUsage, 3},
		{"a flag that is wrong", nil, []string{"get", "--fast"}, exitUsage, 1},
		{"a command that is wrong", nil, []string{"fetch"}, exitUsage, 1},
		{"content that is missing", func(t *testing.T) { require.NoError(t, os.Remove("album/film.mkv")) }, []string{"seed", "album.torrent", "--listen", "off"}, exitFailed, 1},
		{"content that is shorter", func(t *testing.T) { require.NoError(t, os.Truncate("album/film.mkv", 5)) }, []string{"seed", "album.torrent", "--listen", "off"}, exitFailed, 1},
		{"a torrent that was made", nil, []string{"create", "album", "-o", "new.torrent"}, exitOK, 1},
		{"a torrent that is named like a flag", nil, []string{"create", "album", "-o", "./-new.torrent"}, exitOK, 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			isolate(t)
			makeContent(t, 1<<18)
			require.NoError(t, os.CopyFS("-album", os.DirFS("album")))
			shoal(t, exitOK, "create", "album")
			if test.setUp != nil {
				test.setUp(t)
			}
			stdout, stderr := shoal(t, test.code, test.args...)
			commands := commandsIn(stdout + stderr)
			require.Len(t, commands, test.want, stdout+stderr)
			for _, command := range commands {
				if strings.Contains(command, "some.torrent") || strings.HasSuffix(command, "COMMAND") || strings.HasSuffix(command, " demo") {
					continue // TestExamplesWork runs these
				}
				runPrinted(t, command, exitFailed*btoi(strings.Contains(command, " verify ")))
			}
		})
	}
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// A seed without a tracker prints the command that others get the content with.
func TestSeedPrintsHowToGet(t *testing.T) {
	isolate(t)
	makeContent(t, 1<<18)
	seed := start(t, "seed", "album", "--listen", "127.0.0.1:0", "-o", "its own.torrent")
	command := commandsIn(seed.out.await(t, "--peer HOST:"))
	require.Len(t, command, 1)
	runPrinted(t, strings.ReplaceAll(command[0], "HOST", "127.0.0.1")+" --dir got --quit-after-complete")
	equalFolders(t, "album", "got/album")
}

// The command that verify ends with repairs what it found.
func TestVerifyPrintsTheRepair(t *testing.T) {
	for name, damage := range map[string]func(t *testing.T){
		"missing": func(t *testing.T) { require.NoError(t, os.Remove("a folder/album/film.mkv")) },
		"all":     func(t *testing.T) { require.NoError(t, os.RemoveAll("a folder/album")) },
		"wrong": func(t *testing.T) {
			f, err := os.OpenFile("a folder/album/film.mkv", os.O_WRONLY, 0)
			require.NoError(t, err)
			_, err = f.WriteAt([]byte("wrong"), 1000)
			require.NoError(t, err)
			require.NoError(t, f.Close())
		},
		"shorter": func(t *testing.T) { require.NoError(t, os.Truncate("a folder/album/film.mkv", 1000)) },
		"longer":  func(t *testing.T) { require.NoError(t, os.Truncate("a folder/album/film.mkv", 1<<20)) },
	} {
		t.Run(name, func(t *testing.T) {
			isolate(t)
			makeContent(t, 1<<18)
			shoal(t, exitOK, "create", "album")
			_, peer := seeding(t, "album.torrent")
			require.NoError(t, os.CopyFS("a folder/album", os.DirFS("album")))
			stdout, _ := shoal(t, exitOK, "verify", "album.torrent", "--dir", "a folder")
			require.Empty(t, commandsIn(stdout))
			damage(t)
			stdout, _ = shoal(t, exitFailed, "verify", "album.torrent", "--dir", "a folder")
			commands := commandsIn(stdout)
			require.Len(t, commands, 1, stdout)
			if name == "missing" || name == "wrong" { // others do not begin to seed
				_, stderr := shoal(t, exitFailed, "seed", "album.torrent", "--dir", "a folder", "--listen", "off")
				there, err := filepath.Abs("a folder")
				require.NoError(t, err)
				require.Equal(t, []string{strings.Replace(commands[0], "'a folder'", shell.Quote(there), 1)}, commandsIn(stderr))
			}
			runPrinted(t, commands[0]+" --quit-after-complete --peer "+peer)
			shoal(t, exitOK, "verify", "album.torrent", "--dir", "a folder")
		})
	}
}

// exampleFolder makes the files that examples name.
func exampleFolder(t *testing.T) (replace *strings.Replacer) {
	dir := isolate(t)
	files := []string{"film.mkv"}
	for _, folder := range []string{"album", "data", "films/album", "media/films/album", "media/disk/album", "downloads/album"} {
		require.NoError(t, os.MkdirAll(folder, 0o777))
		files = append(files, folder+"/song.flac", folder+"/demo.flac")
	}
	for _, path := range append(files, "films/film.mkv", "note.txt") {
		require.NoError(t, os.WriteFile(path, []byte("a film"), 0o666))
	}
	tracker := httptest.NewServer(trackerserver.New(trackerserver.Config{}))
	t.Cleanup(tracker.Close)
	shoal(t, exitOK, "create", "album", "-o", "some.torrent", "--announce", tracker.URL+"/announce")
	shoal(t, exitOK, "create", "album", "-o", "debian.torrent")
	shoal(t, exitOK, "create", "film.mkv", "-o", "other.torrent")
	web := httptest.NewServer(http.FileServer(http.Dir(dir)))
	t.Cleanup(web.Close)
	return strings.NewReplacer(
		"~", dir, "/media", dir+"/media", "https://example.com", web.URL, "router.example:6881", startDHT(t)[0], "udp://tracker.example:6969", startUDPTracker(t), "btih:...", "btih:"+strings.Repeat("1", 40),
		"2GiB", "2MiB", "16MiB", "1MiB", "COMMAND", "get", "HOST", "127.0.0.1", ":6881 ", ":0 ", "127.0.0.1:8000", "127.0.0.1:0", "0.0.0.0:8080", "0",
		"announce URL", "announce http://tracker.example/announce",
	)
}

func isFile(path string) bool {
	st, err := os.Stat(path)
	return err == nil && st.Mode().IsRegular()
}

// The examples of the help and of the READMEs work.
func TestExamplesWork(t *testing.T) {
	texts := map[string]string{}
	helps, err := filepath.Glob(filepath.Join(sourceDir(t), "testdata", "help", "*.txt"))
	require.NoError(t, err)
	documents := append(helps, filepath.Join(sourceDir(t), "..", "README.md"))
	if workspace := filepath.Join(sourceDir(t), "..", ".."); isFile(filepath.Join(workspace, "go.work")) {
		documents = append(documents, filepath.Join(workspace, "README.md"))
	} // a module that was downloaded alone has no more than its own
	for _, path := range documents {
		b, err := os.ReadFile(path)
		require.NoError(t, err)
		texts[path] = string(b)
	}
	ran := 0
	for path, text := range texts {
		for _, command := range commandsIn(text) {
			if strings.Contains(command, "[flags]") {
				continue // the usage
			}
			if strings.Contains(command, " --choose") {
				continue // TestChooseOnATerminal runs it
			}
			ran++
			t.Run(filepath.Base(path)+" "+command, func(t *testing.T) {
				command = exampleFolder(t).Replace(command)
				require.NoError(t, os.Link("some.torrent", "album.torrent"))
				t.Setenv("TMPDIR", t.TempDir())
				var codes []int
				switch words := shellWords(t, command); {
				case words[1] == "demo" && len(words) == 2:
					command += " --size 1MiB"
				case slices.Contains([]string{"get", "stream", "cat"}, words[1]) && strings.HasPrefix(words[2], "magnet:"):
					command = strings.Replace(command, words[2], "magnet:?xt=urn:btih:"+infoHashOf(t, "some.torrent"), 1)
					command += " --peer " + metadataPeer(t, "some.torrent")
					if slices.Contains(words, "--metadata-only") {
						command += " --force"
					}
				case words[1] == "dht" && words[2] != "ping":
					command += " --bootstrap " + startDHT(t)[0]
					require.NoError(t, os.WriteFile("my.key", []byte(strings.Repeat("1", 64)), 0o600))
					if slices.Contains(words, "--new-key") {
						require.NoError(t, os.Remove("my.key"))
					}
					codes = append(codes, exitFailed*btoi(words[2] == "get" || words[2] == "peers" || words[2] == "sample")) // nothing is stored
				case words[1] == "tracker" && len(words) == 2:
					command += " --listen 127.0.0.1:0"
				case words[1] == "create", slices.Contains(words, "album.torrent") && words[1] == "seed":
					command += " --force"
				}
				runPrinted(t, command, codes...)
			})
		}
	}
	require.Greater(t, ran, 30)
}
