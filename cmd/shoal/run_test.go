package main

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write the help to testdata/help")

// isolate takes the environment away that would change what the program does, and
// goes to a folder of the test's own.
func isolate(t *testing.T) string {
	t.Helper()
	for _, entry := range os.Environ() {
		if name, _, _ := strings.Cut(entry, "="); strings.HasPrefix(name, "SHOAL_") || name == "COLUMNS" || name == "LINES" {
			t.Setenv(name, "")
			os.Unsetenv(name)
		}
	}
	dir := t.TempDir()
	t.Setenv("SHOAL_STATE", filepath.Join(dir, "state"))
	t.Setenv("SHOAL_BOOTSTRAP", "off") // no test asks the real DHT
	t.Setenv("SHOAL_NO_DHT", "true")   // tests of the DHT turn it on
	t.Setenv("SHOAL_NO_LSD", "true")
	t.Chdir(dir)
	return dir
}

// A running is a call of the program that has not ended.
type running struct {
	out, err *output
	stop     context.CancelFunc // Ctrl-C
	code     chan int
}

// start runs the program. The test ends it.
func start(t *testing.T, args ...string) *running {
	t.Helper()
	ctx, stop := context.WithTimeout(context.Background(), time.Minute)
	r := &running{newOutput(), newOutput(), stop, make(chan int, 1)}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		r.code <- run(ctx, args, strings.NewReader(""), r.out, r.err)
		r.out.close()
		r.err.close()
	}()
	t.Cleanup(func() {
		stop()
		<-ended
	})
	return r
}

// wait waits for the end.
func (r *running) wait(t *testing.T, want int) {
	t.Helper()
	require.Equal(t, want, <-r.code, "exit code; stdout:\n%s\nstderr:\n%s", r.out, r.err)
}

// shoal runs the program to its end, which must be with the exit code want.
func shoal(t *testing.T, want int, args ...string) (stdout, stderr string) {
	t.Helper()
	r := start(t, args...)
	r.wait(t, want)
	return r.out.String(), r.err.String()
}

// objects reads the lines of JSON that a program wrote.
func objects(t *testing.T, lines string) (all []map[string]any) {
	t.Helper()
	for line := range strings.Lines(lines) {
		var o map[string]any
		require.NoError(t, json.Unmarshal([]byte(line), &o), line)
		all = append(all, o)
	}
	return all
}

// event returns the first object of an event.
func event(t *testing.T, lines, name string) map[string]any {
	t.Helper()
	for _, o := range objects(t, lines) {
		if o["event"] == name {
			return o
		}
	}
	require.Fail(t, "no event "+name, lines)
	return nil
}

// An output keeps what was written, and lets others wait for it.
type output struct {
	mu     sync.Mutex
	more   *sync.Cond
	b      bytes.Buffer
	closed bool
}

func newOutput() *output {
	o := &output{}
	o.more = sync.NewCond(&o.mu)
	return o
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.more.Broadcast()
	return o.b.Write(p)
}

func (o *output) close() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.closed = true
	o.more.Broadcast()
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.String()
}

// await waits until text was written, and returns the line that it is in.
func (o *output) await(t *testing.T, text string) string {
	t.Helper()
	o.mu.Lock()
	defer o.mu.Unlock()
	for {
		for line := range strings.Lines(o.b.String()) {
			if strings.Contains(line, text) && strings.HasSuffix(line, "\n") {
				return line
			}
		}
		if o.closed {
			require.Fail(t, "the program ended without saying "+text, o.b.String())
		}
		o.more.Wait()
	}
}

// awaitText waits until text was written, also as a part of a line.
func (o *output) awaitText(t *testing.T, text string) {
	t.Helper()
	o.mu.Lock()
	defer o.mu.Unlock()
	for !strings.Contains(o.b.String(), text) {
		if o.closed {
			require.Fail(t, "the program ended without saying "+text, o.b.String())
		}
		o.more.Wait()
	}
}

func TestHelp(t *testing.T) {
	for _, name := range []string{"", "get", "stream", "cat", "seed", "create", "inspect", "magnet", "verify", "scrape", "tracker", "demo", "dht", "dht ping", "dht peers", "dht scrape", "dht get", "dht put", "dht sample", "dht nodes"} {
		t.Run("shoal "+name, func(t *testing.T) {
			golden := filepath.Join(sourceDir(t), "testdata", "help", strings.ReplaceAll(strings.TrimSpace("shoal "+name), " ", "-")+".txt")
			isolate(t)
			stdout, stderr := shoal(t, exitOK, strings.Fields(name+" --help")...)
			require.Empty(t, stderr)
			if *update {
				require.NoError(t, os.WriteFile(golden, []byte(stdout), 0o666))
			}
			want, err := os.ReadFile(golden)
			require.NoError(t, err)
			require.Equal(t, string(want), stdout, "if the new help is right, write it by: go test ./cmd/shoal -run TestHelp -update")
			if name != "" {
				require.Contains(t, stdout, "Examples:")
			}
		})
	}
}

// Words that people try before they know the flags.
func TestHelpWithoutFlag(t *testing.T) {
	isolate(t)
	for words, flags := range map[string]string{
		"help": "--help", "help get": "get --help", "help help": "--help", "--json help create": "create --help", "version": "--version", "help dht get": "dht get --help", "dht help": "dht --help", "dht help put": "dht put --help", "--json version": "--version",
	} {
		want, _ := shoal(t, exitOK, strings.Fields(flags)...)
		got, _ := shoal(t, exitOK, strings.Fields(words)...)
		require.Equal(t, want, got, words)
	}
	_, stderr := shoal(t, exitUsage, "help", "nothing")
	require.Contains(t, stderr, `there is no command "nothing"`)
}

func TestVersion(t *testing.T) {
	isolate(t)
	stdout, _ := shoal(t, exitOK, "--version")
	require.Regexp(t, `^shoal \d+\.\d+\.\d+ \(.*go1.*\)\n$`, stdout)
	changes, err := os.ReadFile(filepath.Join(sourceDir(t), "..", "CHANGELOG.md"))
	require.NoError(t, err)
	require.Contains(t, string(changes), "## v"+version)
}

func TestUsage(t *testing.T) {
	dir := isolate(t)
	require.NoError(t, os.WriteFile("a.txt", []byte("hello"), 0o666))
	shoal(t, exitOK, "create", "a.txt")
	for _, test := range []struct {
		name string
		args []string
		code int
		want []string // in stderr
	}{
		{"nothing", nil, exitUsage, []string{"Commands:", "shoal demo"}},
		{"empty argument", []string{"seed", "film.mkv", ""}, exitUsage, []string{"<path> is empty", `"shoal seed --help"`}},
		{"empty path", []string{"create", ""}, exitUsage, []string{"<path> is empty"}},
		{"flag without a value", []string{"get", "x", "--peer"}, exitUsage, []string{"--peer: its value is missing; write --peer=VALUE"}},
		{"unknown command", []string{"fetch"}, exitUsage, []string{`there is no command "fetch"`, `"shoal --help"`}},
		{"unknown flag", []string{"get", "--fast", "a.txt.torrent"}, exitUsage, []string{"--fast", `"shoal get --help"`}},
		{"no torrent", []string{"get"}, exitUsage, []string{"<torrent>", `"shoal get --help"`}},
		{"bad level", []string{"demo", "--log-level", "loud"}, exitUsage, []string{`--log-level: "loud" is not one of debug, info, warn, error, off`}},
		{"bad number", []string{"get", "x", "--max-peers", "many"}, exitUsage, []string{`--max-peers: "many" is not a whole number; give one such as 100`}},
		{"bad choker", []string{"get", "x", "--choker", "fair"}, exitUsage, []string{`--choker: there is no policy "fair"; give one of tit-for-tat, by-rate`}},
		{"bad duration", []string{"tracker", "--interval", "30"}, exitUsage, []string{`--interval: "30" is not a time; give one such as 90s, 30m or 1h30m`}},
		{"bad switch", []string{"get", "x", "--recheck=2"}, exitUsage, []string{`--recheck: "2" is neither true nor false`}},
		{"no value", []string{"get", "x", "--dir"}, exitUsage, []string{"--dir: its value is missing; write --dir=VALUE"}},
		{"a flag as a value", []string{"demo", "--size", "-5"}, exitUsage, []string{`--size: its value is missing; if "-5" is the value, write --size=-5`}},
		{"too many arguments", []string{"create", "a.txt", "b.txt"}, exitUsage, []string{"one argument too many: b.txt; put names with spaces in quotes"}},
		{"bad peer", []string{"get", "a.txt.torrent", "--peer", "somebody"}, exitUsage, []string{"somebody", "HOST:PORT", `"shoal get --help"`}},
		{"bad port", []string{"get", "a.txt.torrent", "--peer", "127.0.0.1:70000"}, exitFailed, []string{"70000", "192.0.2.7:6881"}},
		{"bad address", []string{"get", "a.txt.torrent", "--listen", "here"}, exitUsage, []string{"--listen", "HOST:PORT"}},
		{"bad size", []string{"demo", "--size", "much"}, exitUsage, []string{"much", "256MiB"}},
		{"tiny sample", []string{"demo", "--size", "5"}, exitUsage, []string{"1KiB"}},
		{"huge sample", []string{"demo", "--size", "1000000TiB"}, exitFailed, []string{"free", "--dir", "--size"}},
		{"odd pieces", []string{"create", "a.txt", "--piece-length", "100K"}, exitUsage, []string{"power of two"}},
		{"bad announce", []string{"create", "a.txt", "--announce", "tracker"}, exitUsage, []string{"http://"}},
		{"bad node", []string{"create", "a.txt", "--node", "router"}, exitUsage, []string{"HOST:PORT"}},
		{"bad web seed", []string{"create", "a.txt", "--web-seed", "x"}, exitUsage, []string{"--web-seed"}},
		{"bad format", []string{"create", "a.txt", "--format", "v3"}, exitUsage, []string{"v3"}},
		{"no content", []string{"create", "nothing"}, exitFailed, []string{"nothing: no such file", "Check the path"}},
		{"no file", []string{"get", "nothing.torrent"}, exitFailed, []string{"nothing.torrent", "Check the path"}},
		{"no torrent file", []string{"get", "a.txt"}, exitFailed, []string{"a.txt: bencode: ", "Get it again"}},
		{"folder", []string{"get", dir}, exitFailed, []string{"is a folder", "seed " + dir}},
		{"folder to inspect", []string{"inspect", dir}, exitFailed, []string{"create " + dir}},
		{"address to inspect", []string{"inspect", "ftp://x/y.torrent"}, exitFailed, []string{"http and https"}},
		{"magnet", []string{"get", "magnet:?xt=urn:btih:0123456789012345678901234567890123456789"}, exitFailed, []string{"the metadata", "--peer HOST:PORT", "--announce URL"}},
		{"hash", []string{"get", "0123456789012345678901234567890123456789"}, exitFailed, []string{"the metadata", "--peer HOST:PORT", "--announce URL"}},
		{"cut magnet", []string{"get", "magnet:?xt=urn:btih:0123"}, exitFailed, []string{"40 or 32 digits", "in quotes"}},
		{"output without metadata", []string{"get", "a.txt.torrent", "-o", "x"}, exitUsage, []string{"--metadata-only"}},
		{"one output for two", []string{"get", "a.txt.torrent", "b.torrent", "--metadata-only", "-o", "x"}, exitUsage, []string{"--output"}},
		{"magnet to verify", []string{"verify", "magnet:?xt=urn:btih:0123456789012345678901234567890123456789"}, exitFailed, []string{"--metadata-only", ".torrent file"}},
		{"another scheme", []string{"get", "ftp://x/y.torrent"}, exitFailed, []string{"ftp://x/y.torrent: ", "http and https"}},
		{"nothing to read", []string{"get", "-"}, exitFailed, []string{"standard input: bencode: ", "Get it again"}},
		{"nothing to inspect", []string{"inspect", "-"}, exitFailed, []string{"standard input: bencode: "}},
		{"file as folder", []string{"get", "a.txt.torrent", "--dir", "a.txt"}, exitFailed, []string{"not a directory", "--dir"}},
		{"no folder for the torrent", []string{"create", "a.txt", "-o", "nowhere/x.torrent"}, exitFailed, []string{"nowhere/x.torrent: no such file", "Check the path"}},
		{"twice", []string{"get", "a.txt.torrent", "a.txt.torrent", "-q"}, exitFailed, []string{"named twice"}},
		{"no folder", []string{"demo", "--dir", "nowhere"}, exitFailed, []string{"nowhere", "--dir"}},
		{"tracker without an address", []string{"tracker", "--listen", "off"}, exitUsage, []string{"HOST:PORT"}},
		{"tracker at no address", []string{"tracker", "--listen", "nope"}, exitUsage, []string{`"nope" is not an address; give HOST:PORT, :PORT or PORT` + "\n"}},
		{"tracker without interval", []string{"tracker", "--interval", "0"}, exitUsage, []string{"give 1s or more"}},
		{"no command of dht", []string{"dht"}, exitUsage, []string{"missing after shoal dht", `"shoal dht --help"`}},
		{"unknown command of dht", []string{"dht", "fetch"}, exitUsage, []string{`there is no command "dht fetch"`}},
		{"no node to begin with", []string{"dht", "peers", "0123456789012345678901234567890123456789"}, exitUsage, []string{"--bootstrap off leaves nobody to ask"}},
		{"no node to store at", []string{"dht", "put", "x", "--key", "my.key", "--new-key"}, exitUsage, []string{"--bootstrap off leaves nobody to ask"}},
		{"bad bootstrap", []string{"dht", "get", "0123456789012345678901234567890123456789", "--bootstrap", "127.0.0.1"}, exitUsage, []string{`--bootstrap: "127.0.0.1" is not the address of a node; give HOST:PORT`, `"shoal dht get --help"`}},
		{"off beside a node", []string{"dht", "nodes", "0123456789012345678901234567890123456789", "--bootstrap", "127.0.0.1:1,off"}, exitUsage, []string{`"off" is not the address of a node`}},
		{"bad node to ping", []string{"dht", "ping", "127.0.0.1:0"}, exitUsage, []string{`"127.0.0.1:0" is not the address of a node; give HOST:PORT`}},
		{"too little time", []string{"dht", "ping", "127.0.0.1:1", "--timeout", "1ms"}, exitUsage, []string{"--timeout: 1ms is too short; give 1s or more"}},
		{"no item", []string{"dht", "get"}, exitUsage, []string{"give the target of an item, or --key"}},
		{"an item twice", []string{"dht", "get", "0123456789012345678901234567890123456789", "--key", "x"}, exitUsage, []string{"give the target of an item, or --key"}},
		{"bad target", []string{"dht", "get", "0123"}, exitUsage, []string{`"0123" is not a target; give 40 hexadecimal digits`}},
		{"empty target", []string{"dht", "get", ""}, exitUsage, []string{"<target> is empty\n"}},
		{"bad public key", []string{"dht", "get", "--key", "0123"}, exitUsage, []string{`"0123" is not a public key; give 64 hexadecimal digits`}},
		{"long salt", []string{"dht", "get", "--key", "0123", "--salt", strings.Repeat("s", 65)}, exitUsage, []string{"--salt: it has 65 bytes, and 64 are allowed"}},
		{"raw objects", []string{"dht", "get", "0123456789012345678901234567890123456789", "--raw", "--json"}, exitUsage, []string{"--raw and --json exclude each other"}},
		{"nothing to put", []string{"dht", "put"}, exitUsage, []string{"give the text to store, or --file"}},
		{"two to put", []string{"dht", "put", "x", "--file", "a.txt"}, exitUsage, []string{"give the text to store, or --file"}},
		{"torrent without a key", []string{"dht", "put", "--torrent", "a.txt.torrent"}, exitUsage, []string{"--torrent goes with --key"}},
		{"link without a key", []string{"dht", "get", "magnet:?xt=urn:btih:0123456789012345678901234567890123456789"}, exitUsage, []string{"the link has no key"}},
		{"link and salt", []string{"dht", "get", "magnet:?xs=urn:btpk:" + strings.Repeat("1", 64), "--salt", "s"}, exitUsage, []string{"--salt does not go with a link"}},
		{"wrong key in a link", []string{"get", "magnet:?xs=urn:btpk:" + strings.Repeat("1", 63)}, exitFailed, []string{"64 hexadecimal digits", "in quotes"}},
		{"salt without a key", []string{"dht", "put", "x", "--salt", "s"}, exitUsage, []string{"name its file with --key"}},
		{"long salt to put", []string{"dht", "put", "x", "--key", "k", "--salt", strings.Repeat("s", 65)}, exitUsage, []string{"--salt: it has 65 bytes"}},
		{"negative number", []string{"dht", "put", "x", "--key", "k", "--seq=-1"}, exitUsage, []string{"--seq and --cas are 0 or more"}},
		{"no file to put", []string{"dht", "put", "--file", "nothing"}, exitFailed, []string{"nothing: no such file", "Check the path"}},
		{"no bencode", []string{"dht", "put", "hello", "--bencode"}, exitFailed, []string{"this is not bencode", "leave --bencode out"}},
		{"long text", []string{"dht", "put", strings.Repeat("x", 997)}, exitFailed, []string{"996 bytes", "as a torrent"}},
		{"no torrent to find", []string{"dht", "peers", "nothing.torrent"}, exitFailed, []string{"nothing.torrent: no such file"}},
		{"bad network", []string{"tracker", "--behind-proxy", "ten"}, exitUsage, []string{"10.0.0.0/8"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, stderr := shoal(t, test.code, test.args...)
			for _, want := range test.want {
				require.Contains(t, stderr, want)
			}
			require.NotContains(t, stderr, "goroutine")
			if len(test.args) > 0 && test.args[0] != "fetch" && test.name != "unknown flag" {
				command := test.args[0]
				if command == "dht" && len(test.args) > 1 && test.args[1] != "fetch" {
					command = "dht-" + test.args[1]
				}
				requireOwnFlags(t, command, stderr)
			}
		})
	}
}

// Arguments are read as they are, also bytes that are not UTF-8.
func TestArgumentsAreExact(t *testing.T) {
	isolate(t)
	require.NoError(t, os.WriteFile("a.txt", []byte("hello"), 0o666))
	shoal(t, exitOK, "create", "a.txt", "-o", "a\xffb.torrent")
	require.FileExists(t, "a\xffb.torrent")
	shoal(t, exitOK, "verify", "a\xffb.torrent")
}

func TestErrorsForPrograms(t *testing.T) {
	isolate(t)
	stdout, stderr := shoal(t, exitFailed, "get", "--json", "nothing.torrent")
	require.Empty(t, stderr)
	o := event(t, stdout, "error")
	require.Contains(t, o["message"], "nothing.torrent")
	require.Equal(t, "Check the path.", o["advice"])
}

// A value from the environment that is wrong is named by its variable.
func TestWrongEnvironment(t *testing.T) {
	isolate(t)
	t.Setenv("SHOAL_MAX_PEERS", "many")
	_, stderr := shoal(t, exitUsage, "get", "x")
	require.Contains(t, stderr, `--max-peers: "many" is not a whole number; give one such as 100 (from the environment variable SHOAL_MAX_PEERS)`)
	t.Setenv("SHOAL_MAX_PEERS", "")
	t.Setenv("SHOAL_INTERVAL", "soon")
	_, stderr = shoal(t, exitUsage, "tracker")
	require.Contains(t, stderr, `"soon" is not a time; give one such as 90s, 30m or 1h30m (from the environment variable SHOAL_INTERVAL)`)
}

func TestEnvironment(t *testing.T) {
	dir := isolate(t)
	require.NoError(t, os.Mkdir("content", 0o777))
	require.NoError(t, os.WriteFile("content/a.txt", []byte("hello"), 0o666))
	shoal(t, exitOK, "create", "content/a.txt")
	shoal(t, exitFailed, "verify", "a.txt.torrent")
	t.Setenv("SHOAL_DIR", filepath.Join(dir, "content"))
	t.Setenv("SHOAL_JSON", "true")
	stdout, _ := shoal(t, exitOK, "verify", "a.txt.torrent")
	require.Equal(t, true, event(t, stdout, "verified")["complete"])
}

// testDir is where the tests were started, which alone leaves.
var testDir, _ = os.Getwd()

func sourceDir(t *testing.T) string {
	t.Helper()
	require.NotEmpty(t, testDir)
	return testDir
}

// forget drops what was written so far.
func (o *output) forget() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.b.Reset()
}

// forgetLine drops the first line with a text.
func (o *output) forgetLine(t *testing.T, text string) {
	t.Helper()
	o.mu.Lock()
	defer o.mu.Unlock()
	kept, found := "", false
	for line := range strings.Lines(o.b.String()) {
		if !found && strings.Contains(line, text) {
			found = true
			continue
		}
		kept += line
	}
	require.True(t, found, text)
	o.b.Reset()
	o.b.WriteString(kept)
}
