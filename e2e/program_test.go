package e2e

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// programDir is the folder of the program; TestMain deletes it.
var programDir string

// buildProgram builds the program that people run, once, and returns its path.
var buildProgram = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "shoal-e2e-")
	if err != nil {
		return "", err
	}
	programDir = dir
	name := filepath.Join(dir, "shoal")
	out, err := exec.Command("go", "build", "-o", name, "github.com/shoal-bt/shoal/cmd/shoal").CombinedOutput()
	if err != nil {
		return string(out), err
	}
	return name, nil
})

// shoalProgram returns the path of the program.
func shoalProgram(t *testing.T) string {
	t.Helper()
	name, err := buildProgram()
	require.NoError(t, err, name)
	return name
}

// startProgram starts the program with --json and a state folder of its own. It has no DHT but the
// one that --bootstrap names, and no local network unless --no-lsd=false says so.
func startProgram(t *testing.T, args ...string) *process {
	t.Helper()
	if !slices.Contains(args, "--bootstrap") {
		args = append(args, "--no-dht")
	}
	if !slices.Contains(args, "--no-lsd=false") {
		args = append(args, "--no-lsd")
	}
	return launch(t, "", shoalProgram(t), append(args, "--json", "--state", t.TempDir())...)
}

// A jsonEvent is what the tests read of a line that the program prints.
type jsonEvent struct {
	Event    string
	Address  string
	Uploaded int64 // bytes
	Peers    int
	URL      string // of the file that is streamed
	Index    string // URL of the page with all files
	Left     int64  // bytes of the whole torrent that are missing
}

// event waits until the program prints an event of this kind, and returns it.
func (p *process) event(t *testing.T, kind string) (e jsonEvent) {
	t.Helper()
	require.NoError(t, p.line(within(t), func(s string) bool {
		e = jsonEvent{}
		return json.Unmarshal([]byte(s), &e) == nil && e.Event == kind
	}), "no event %q", kind)
	return e
}
