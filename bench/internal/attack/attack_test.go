package attack

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// limit ends a test that hangs. Nothing else here depends on time.
const limit = 60 * time.Second

// TestMain builds the program, or attacks the one that -shoal names.
func TestMain(m *testing.M) {
	path := flag.String("shoal", "", "attack this `program`")
	flag.Parse()
	flag.Set("test.parallel", "16") // most of their time the tests wait
	os.Exit(func() int {
		dir, err := os.MkdirTemp("", "shoal-attack-")
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		defer os.RemoveAll(dir)
		shared = Setting{Shoal: *path, Dir: dir, First: 127, Conns: 700, Limit: limit}
		if shared.Shoal == "" {
			shared.Shoal = filepath.Join(dir, "shoal")
			out, err := exec.Command("go", "build", "-o", shared.Shoal, "github.com/shoal-bt/shoal/cmd/shoal").CombinedOutput()
			if err != nil {
				fmt.Fprintf(os.Stderr, "building shoal: %v: %s", err, out)
				return 1
			}
		}
		return m.Run()
	}())
}

// shared is the setting of all tests. It must not change while they run.
var shared Setting

// setting returns a setting of a test's own, on loopback.
func setting(t *testing.T) (context.Context, *Setting) {
	t.Helper()
	if err := Missing(); err != nil {
		t.Skip(err)
	}
	s := shared
	s.Dir = t.TempDir()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	t.Cleanup(cancel)
	return ctx, &s
}

// TestHonestPeersAlone runs each attack without its attackers: what is measured is there.
func TestHonestPeersAlone(t *testing.T) {
	t.Parallel()
	for _, a := range All() {
		t.Run(a.Name, func(t *testing.T) {
			t.Parallel()
			ctx, s := setting(t)
			s.Size, s.Quick = 1<<20, true
			o, err := a.run(ctx, s, false)
			require.NoError(t, err)
			require.Zero(t, o.ended)
			switch {
			case strings.HasSuffix(a.Name, "%"):
				require.EqualValues(t, 100, o.figure)
			case strings.HasPrefix(a.Name, "unasked"):
				require.EqualValues(t, unaskedSize>>20, o.figure)
			case strings.HasPrefix(a.Name, "after unasked"):
				require.Zero(t, o.figure)
			case strings.HasSuffix(a.Name, " s"), strings.HasSuffix(a.Name, "MiB/s"):
				require.Positive(t, o.figure)
			}
		})
	}
}

func TestFind(t *testing.T) {
	names := map[string]bool{}
	for _, a := range All() {
		found, err := Find(a.Name)
		require.NoError(t, err)
		require.Equal(t, a.Name, found.Name)
		names[a.Name] = true
	}
	require.Len(t, names, len(All()))
	_, err := Find("rain")
	require.Error(t, err)
}
