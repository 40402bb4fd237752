package e2e

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/shoal-bt/shoal/e2e/internal/browser"
	"github.com/stretchr/testify/require"
)

// chromium is Debian's name of the browser.
const chromium = "chromium"

// needPrograms skips the test if one of the programs is not installed.
func needPrograms(t *testing.T, names ...string) {
	t.Helper()
	for _, name := range names {
		if _, err := exec.LookPath(name); err != nil {
			lack(t, "%v", err)
		}
	}
}

// startBrowser starts Chromium in a network that leads nowhere else. It ends with the test, and no
// process may be left of it.
func startBrowser(t *testing.T, n *network) *browser.Browser {
	t.Helper()
	needPrograms(t, chromium)
	dir := t.TempDir()
	name := filepath.Join(t.TempDir(), "log")
	log, err := os.Create(name)
	require.NoError(t, err)
	b, err := browser.Start(browser.Options{
		Command: []string{"ip", "netns", "exec", n.name, chromium},
		Dir:     dir,
		Hosts:   []string{"localhost", "127.0.0.1"},
		Output:  log,
		Start:   startWithUs,
	})
	require.NoError(t, err)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), limit)
		defer cancel()
		err := b.Close(ctx)
		log.Close()
		if out, _ := os.ReadFile(name); t.Failed() {
			t.Logf("%s printed:\n%s", chromium, out[max(0, len(out)-20000):])
		}
		require.NoError(t, err)
	})
	return b
}
