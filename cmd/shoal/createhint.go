package main

import (
	"slices"
	"strconv"
	"strings"

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
	for _, flag := range append(cmd.flagsFor(t.Info), "--output="+output) {
		command += " " + shell.Quote(flag)
	}
	return command
}

// flagsFor returns the flags that make the same torrent again.
func (f buildFlags) flagsFor(info *metainfo.Info) (flags []string) {
	each := func(name string, values ...string) {
		for _, value := range values {
			if value != "" {
				flags = append(flags, "--"+name+"="+value)
			}
		}
	}
	each("name", info.Name)
	each("format", strings.Replace(f.Format, "v1", "", 1))
	each("piece-length", strconv.FormatInt(info.PieceLength, 10))
	each("announce", f.Announce...)
	each("comment", f.Comment)
	if f.CreatedBy != "shoal "+version {
		flags = append(flags, "--created-by="+f.CreatedBy)
	}
	each("source", f.Source)
	each("web-seed", f.WebSeed...)
	each("node", f.Node...)
	each("exclude", f.Exclude...)
	for _, flag := range []struct {
		name string
		set  bool
	}{{"--private", f.Private}, {"--no-date", f.NoDate}, {"--no-hidden", f.NoHidden}} {
		if flag.set {
			flags = append(flags, flag.name)
		}
	}
	return slices.Clip(flags)
}
