package choosing

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"

	"github.com/shoal-bt/shoal/client"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/advice"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/chooser"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/console"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/selection"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/shell"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/terminal"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/usage"
	"github.com/shoal-bt/shoal/metainfo"
)

// SelectFlag is the flag of commands that may use a part of a torrent.
type SelectFlag struct {
	Select []string `sep:"none" placeholder:"GLOB" help:"Only these files: a glob such as '*.mkv', a folder, or numbers as inspect --files shows them. '!GLOB' takes files back. May be given several times."`
}

// Words returns the flag as words of a command.
func (f SelectFlag) Words() (all []string) {
	for _, glob := range f.Select {
		all = append(all, shell.Flag("--select", glob))
	}
	return all
}

// FileFlags are SelectFlag and another way to choose.
type FileFlags struct {
	SelectFlag
	Choose bool `help:"Choose files in a list on the terminal."`
}

// HelpOnGlobs is the part of the help of commands with FileFlags that explains globs.
const HelpOnGlobs = `A GLOB of --select is a name, such as '*.mkv', wherever it is in the torrent; or with a slash, such as 'photos/*.jpg', a path from the torrent's folder on. A folder means everything in it. In globs * and ? do not match slashes, ** does, [a-z] matches one of these characters, {mkv,srt} either word, and \ takes the next character as it is. Case counts. 3 and 5-8,10 are numbers of files. Globs apply in order; if the first one begins with !, it takes from all files. Quote them for your shell.`

// IsSet reports whether the user chooses files.
func (f FileFlags) IsSet() bool { return f.Choose || len(f.Select) > 0 }

// A Choice is what the user wants of each torrent. Use is nil, or how a command that needs a single
// file chooses among those that are wanted; it returns nil to leave everything as it was.
type Choice struct {
	Patterns selection.Patterns
	Words    []string // the patterns, as words of a command
	IsAsked  bool     // the user is asked on the terminal
	Use      func(info *metainfo.Info, files []selection.File, wanted []bool, b Background) ([]bool, error)
}

// Parse reads the flags. sources are what the torrents come from.
func (f FileFlags) Parse(c *console.Console, sources []string) (all Choice, err error) {
	all.IsAsked, all.Words = f.Choose, f.Words()
	all.Patterns, err = selection.Parse(f.Select)
	if err != nil {
		return all, usage.Error{Err: fmt.Errorf("--select: %w", err)}
	}
	if !f.Choose {
		return all, nil
	}
	const instead = ", or name the files with --select"
	switch {
	case slices.Contains(sources, "-"):
		return all, usage.Error{Err: errors.New("--choose needs the keyboard, but the torrent comes from standard input; save it to a file" + instead)}
	case c.IsJSON:
		return all, usage.Error{Err: errors.New("--choose shows a list for people, which --json does not print; leave one of them out" + instead)}
	case !c.IsLive:
		return all, usage.Error{Err: errors.New("--choose needs a terminal, but the output goes elsewhere; leave it to the terminal" + instead)}
	}
	return all, nil
}

// IsEmpty reports whether the user chooses nothing, so that all files are wanted, or what a former
// run or the link says.
func (a Choice) IsEmpty() bool { return !a.IsAsked && len(a.Patterns) == 0 && a.Use == nil }

// A Background is what else says which files of a torrent are wanted.
type Background struct {
	IsKnown bool             // a former run had the torrent
	Before  []uint8          // its priorities; nil if everything was wanted
	Link    *metainfo.Magnet // that the torrent was added by; nil for a .torrent file
}

// wants reports whether a file is wanted if the user says nothing.
func (b Background) wants(entry int) bool {
	switch {
	case b.Before != nil:
		return b.Before[entry] > client.Unwanted
	case b.IsKnown:
		return true
	}
	return b.Link == nil || b.Link.Selects(entry)
}

// Of returns the priority of each entry of a torrent; nil if the user chooses nothing. The list on the
// terminal begins with the patterns, or without these with the background.
func (a Choice) Of(ctx context.Context, c *console.Console, info *metainfo.Info, b Background) ([]uint8, error) {
	if a.IsEmpty() {
		return nil, nil
	}
	files := selection.Files(info)
	wanted, err := a.Patterns.Choose(info, files)
	if err != nil {
		return nil, err
	}
	for i := range files {
		wanted[i] = wanted[i] && (len(a.Patterns) > 0 || b.wants(files[i].Index))
	}
	if a.IsAsked {
		wanted, err = askOnTerminal(ctx, c, info, files, wanted)
		if err != nil {
			return nil, err
		}
	}
	if a.Use != nil {
		wanted, err = a.Use(info, files, wanted, b)
		if err != nil || wanted == nil {
			return nil, err
		}
	}
	return selection.Priorities(info, files, wanted), nil
}

// askOnTerminal lets the user choose files in a list. wanted are chosen at the beginning.
func askOnTerminal(ctx context.Context, c *console.Console, info *metainfo.Info, files []selection.File, wanted []bool) ([]bool, error) {
	keys, isFile := c.Stdin.(*os.File)
	if !isFile {
		return nil, terminal.ErrNoKeys
	}
	giveBack := c.Screen.Lend()
	defer giveBack()
	list := chooser.New(info.Name, files, wanted)
	err := chooser.Window{Keys: keys, Output: c.Stdout, Size: c.Screen.Size, Style: c.Style}.Run(ctx, list)
	if errors.Is(err, terminal.ErrNoKeys) {
		return nil, advice.New(errors.New("--choose needs a keyboard, but standard input is no terminal"), "Name the files with --select instead.")
	}
	return list.Wanted(), err
}
