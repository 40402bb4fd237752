package rival

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestWebTorrentThatIsMissing(t *testing.T) {
	_, err := FindWebTorrent("", t.TempDir())
	require.ErrorContains(t, err, "set SHOAL_NPM")
	_, err = FindWebTorrent(t.TempDir(), t.TempDir())
	require.ErrorContains(t, err, "npm install --ignore-scripts webtorrent@")
}

func TestFindWebTorrent(t *testing.T) {
	if _, err := exec.LookPath("node"); err != nil {
		t.Skip(err)
	}
	folder, dir := t.TempDir(), t.TempDir()
	at := filepath.Join(folder, "node_modules", "webtorrent")
	require.NoError(t, os.MkdirAll(at, 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(at, "package.json"), []byte(`{"version": "3.0.21"}`), 0o644))
	w, err := FindWebTorrent(folder, dir)
	require.NoError(t, err)
	require.Equal(t, "3.0.21", w.Version)
	command := w.Play("a.torrent", "data", []string{"10.0.0.1:1"})
	require.FileExists(t, command[1])
	require.Equal(t, []string{folder, "a.torrent", "data", "10.0.0.1:1"}, command[2:])
}
