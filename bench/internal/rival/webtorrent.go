package rival

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

//go:embed webtorrent.mjs
var webtorrentScript []byte

// WebTorrent is webtorrent of npm, where it is installed.
type WebTorrent struct {
	Version string
	folder  string
	script  string
}

// FindWebTorrent looks for webtorrent in the node_modules of a folder. The script that drives
// it is put into dir. The error says what to install.
func FindWebTorrent(folder, dir string) (*WebTorrent, error) {
	const advice = "install Node.js, then npm install --ignore-scripts webtorrent@3.0.21, and set SHOAL_NPM to the whole path of that folder"
	if folder == "" {
		return nil, fmt.Errorf("SHOAL_NPM names no folder: %s", advice)
	}
	folder, err := filepath.Abs(folder)
	if err != nil {
		return nil, err
	}
	if _, err := exec.LookPath("node"); err != nil {
		return nil, fmt.Errorf("%w: %s", err, advice)
	}
	b, err := os.ReadFile(filepath.Join(folder, "node_modules", "webtorrent", "package.json"))
	if err != nil {
		return nil, fmt.Errorf("%w: %s", err, advice)
	}
	w := &WebTorrent{folder: folder, script: filepath.Join(dir, "webtorrent.mjs")}
	if err := json.Unmarshal(b, w); err != nil {
		return nil, fmt.Errorf("package.json of webtorrent: %w", err)
	}
	return w, os.WriteFile(w.script, webtorrentScript, 0o644)
}

// Play returns the command that plays the first file of a torrent, as package player says it.
func (w *WebTorrent) Play(torrent, dir string, peers []string) []string {
	return append([]string{"node", w.script, w.folder, torrent, dir}, peers...)
}
