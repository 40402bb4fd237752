package main

import (
	"github.com/shoal-bt/shoal/cmd/shoal/internal/shell"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/target"
	"github.com/shoal-bt/shoal/metainfo"
)

// seedHint returns the command that shares what a torrent was made of, and "" if there is
// none. A torrent in a file finds content that has its name; other content, such as that
// behind a symlink of another name, is named itself, with the same flags.
func (cmd createCommand) seedHint(t *metainfo.Torrent, output string) string {
	command := shell.Program() + " seed "
	if dir, ok := target.ContentFolder(t, cmd.Path); ok {
		return command + shell.Path(output) + " --dir " + shell.Path(dir)
	}
	if isTorrent(cmd.Path) && t.Info.Single {
		return "" // seed would read it
	}
	command += shell.Path(cmd.Path)
	for _, flag := range append(cmd.ForTorrent(t.Info, version), "--output="+output) {
		command += " " + shell.Quote(flag)
	}
	return command
}
