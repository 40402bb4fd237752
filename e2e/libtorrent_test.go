package e2e

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

//go:embed testdata/ltclient.py
var libtorrentScript []byte

// python is the interpreter that Debian's packages are for.
const python = "/usr/bin/python3"

// libtorrent is driven through its Python binding.
type libtorrent struct{}

func (libtorrent) String() string         { return "libtorrent" }
func (libtorrent) programs() []string     { return []string{python} }
func (libtorrent) leavesOutEmpty() bool   { return false }
func (libtorrent) place(*testing.T) place { return loopback() }

// missing reports whether the binding is there.
func (libtorrent) missing() error { return importLibtorrent() }

var importLibtorrent = sync.OnceValue(func() error {
	out, err := exec.Command(python, "-c", "import libtorrent").CombinedOutput()
	if err != nil {
		return fmt.Errorf("%w: %s", err, out)
	}
	return nil
})

func (libtorrent) script(t *testing.T) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "ltclient.py")
	require.NoError(t, os.WriteFile(name, libtorrentScript, 0o644))
	return name
}

func (c libtorrent) start(t *testing.T, at place, j job) *partner {
	t.Helper()
	args := []string{c.script(t), "run", "--port", strconv.Itoa(int(j.port))}
	if j.seed {
		args = append(args, "--seed")
	}
	if j.lsd {
		args = append(args, "--lsd")
	}
	for _, a := range j.dht {
		args = append(args, "--dht", a.String())
	}
	for _, path := range j.wants {
		args = append(args, "--want", path)
	}
	if j.limit > 0 {
		args = append(args, "--limit", strconv.Itoa(j.limit))
	}
	if j.upLimit > 0 {
		args = append(args, "--upload-limit", strconv.Itoa(j.upLimit))
	}
	args = append(args, j.torrent, j.dir, at.theirs.String())
	for _, a := range j.dial {
		args = append(args, a.String())
	}
	p := &partner{process: launch(t, at.namespace, python, append([]string{"-X", "faulthandler"}, args...)...)}
	require.NoError(t, p.line(within(t), func(s string) bool {
		port, ok := strings.CutPrefix(s, "listening ")
		n, _ := strconv.Atoi(port)
		p.addr = netip.AddrPortFrom(at.theirs, uint16(n))
		return ok
	}))
	p.whole = func(ctx context.Context) error {
		return p.line(ctx, func(s string) bool { return s == "complete" })
	}
	return p
}

// A reading is what libtorrent reads in a torrent.
type reading struct {
	V1, V2, Name                string
	Length, PieceLength, Pieces int64
	Private                     bool
	Trackers                    [][2]any // URL and tier
	Files                       []struct {
		Path           string
		Length, Offset int64
		Pad            bool
	}
}

// show has libtorrent read a .torrent file.
func (c libtorrent) show(t *testing.T, file string) (r reading) {
	t.Helper()
	out, err := exec.CommandContext(within(t), python, c.script(t), "show", file).Output()
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(out, &r))
	return r
}
