package main

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
	"github.com/shoal-bt/shoal/cmd/shoal/internal/quantity"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/selection"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/shell"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/terminal"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/usage"
	"github.com/shoal-bt/shoal/metainfo"
	"github.com/shoal-bt/shoal/swarm"
)

// selectFlag is the flag of commands that may use a part of a torrent.
type selectFlag struct {
	Select []string `sep:"none" placeholder:"GLOB" help:"Only these files: a glob such as '*.mkv', a folder, or numbers as inspect --files shows them. '!GLOB' takes files back. May be given several times."`
}

// words returns the flag as words of a command.
func (f selectFlag) words() (all []string) {
	for _, glob := range f.Select {
		all = append(all, shell.Flag("--select", glob))
	}
	return all
}

// chooseFlags are selectFlag and another way to choose.
type chooseFlags struct {
	selectFlag
	Choose bool `help:"Choose files in a list on the terminal."`
}

// helpOnSelect is the part of the help of commands with chooseFlags that explains globs.
const helpOnSelect = `A GLOB of --select is a name, such as '*.mkv', wherever it is in the torrent; or with a slash, such as 'photos/*.jpg', a path from the torrent's folder on. A folder means everything in it. In globs * and ? do not match slashes, ** does, [a-z] matches one of these characters, {mkv,srt} either word, and \ takes the next character as it is. Case counts. 3 and 5-8,10 are numbers of files. Globs apply in order; if the first one begins with !, it takes from all files. Quote them for your shell.`

// isSet reports whether the user chooses files.
func (f chooseFlags) isSet() bool { return f.Choose || len(f.Select) > 0 }

// A choice is what the user wants of each torrent.
type choice struct {
	patterns selection.Patterns
	words    []string // the patterns, as words of a command
	isAsked  bool     // the user is asked on the terminal
}

// parse reads the flags. sources are what the torrents come from.
func (f chooseFlags) parse(c *console.Console, sources []string) (all choice, err error) {
	all.isAsked, all.words = f.Choose, f.words()
	all.patterns, err = selection.Parse(f.Select)
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

// isEmpty reports whether the user chooses nothing, so that all files are wanted, or what a former
// run or the link says.
func (a choice) isEmpty() bool { return !a.isAsked && len(a.patterns) == 0 }

// of returns the priority of each entry of a torrent; nil if the user chooses nothing. link is what
// the torrent was added by; nil for a .torrent file.
func (a choice) of(ctx context.Context, c *console.Console, info *metainfo.Info, link *metainfo.Magnet) ([]uint8, error) {
	if a.isEmpty() {
		return nil, nil
	}
	files := selection.Files(info)
	wanted, err := a.patterns.Choose(info, files)
	if err != nil {
		return nil, err
	}
	isLinkUsed := len(a.patterns) == 0 && link != nil
	for i := range files {
		wanted[i] = wanted[i] && (!isLinkUsed || link.Selects(files[i].Index))
	}
	if a.isAsked {
		wanted, err = askOnTerminal(ctx, c, info, files, wanted)
		if err != nil {
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

// A question is asked where the metadata of a link comes, and answered where the session runs,
// because the terminal belongs to that.
type question struct {
	info   *metainfo.Info
	link   *metainfo.Magnet
	answer chan<- answer // has room for one
}

// An answer is what choice.of returns.
type answer struct {
	priorities []uint8
	err        error
}

// priorities returns what the client asks for the priorities of a link's files; nil if the user chooses
// nothing.
func (s *session) priorities(ctx context.Context, link *metainfo.Magnet) func(*metainfo.Info) ([]uint8, error) {
	if s.choice.isEmpty() {
		return nil
	}
	if !s.choice.isAsked {
		return func(info *metainfo.Info) ([]uint8, error) { return s.choice.of(ctx, s.c, info, link) }
	}
	return func(info *metainfo.Info) ([]uint8, error) {
		answered := make(chan answer, 1)
		select {
		case s.questions <- question{info, link, answered}:
		case <-s.closing:
			return nil, context.Canceled
		}
		select {
		case a := <-answered:
			return a.priorities, a.err
		case <-s.closing:
			return nil, context.Canceled
		}
	}
}

// addToClient adds a link to the client. If its metadata is stored already, the user is asked before
// that returns.
func (s *session) addToClient(ctx context.Context, link *metainfo.Magnet, o client.AddOptions) (t *client.Torrent, err error) {
	o.Priorities = s.priorities(ctx, link)
	added := make(chan struct{})
	go func() {
		defer close(added)
		t, err = s.client.Add(ctx, link, o)
	}()
	for {
		select {
		case <-added:
			return t, err
		case q := <-s.questions:
			s.answer(ctx, q)
		}
	}
}

// answer asks the user, and ends the session if the user leaves the list.
func (s *session) answer(ctx context.Context, q question) {
	priorities, err := s.choice.of(ctx, s.c, q.info, q.link)
	if errors.Is(err, chooser.ErrAborted) {
		s.aborted = true
	}
	q.answer <- answer{priorities, err}
}

// priorities returns the priority of each entry of a torrent whose metadata is known; nil if
// everything is wanted.
func (i *item) priorities(info *metainfo.Info) []uint8 {
	files, err := i.t.Files()
	if err != nil {
		return nil
	}
	all := make([]uint8, len(info.Entries))
	isPartial := false
	for _, f := range files {
		all[f.Index] = uint8(f.Priority)
		isPartial = isPartial || f.Priority == client.Unwanted
	}
	if !isPartial {
		return nil
	}
	return all
}

// wantedPieces returns which pieces are wanted; nil for all.
func (i *item) wantedPieces(wanted, pieces int) swarm.Bitfield {
	if wanted >= pieces {
		return nil
	}
	all := swarm.NewBitfield(pieces)
	for piece := range pieces {
		if i.t.Includes(piece) {
			all.Set(piece)
		}
	}
	return all
}

// countWanted returns how many pieces are wanted, and how many of these are among some.
func (i *item) countWanted(have swarm.Bitfield, pieces int) (held, wanted int) {
	for piece := range pieces {
		if i.t.Includes(piece) {
			wanted++
			if have.Has(piece) {
				held++
			}
		}
	}
	return held, wanted
}

// sayWanted says which part of a torrent is wanted, unless that is all of it. It returns how many
// bytes that is.
func (s *session) sayWanted(i *item) (length int64) {
	files, err := i.t.Files()
	if err != nil { // everything is held, and the metainfo cannot be read back
		return i.t.Length()
	}
	wanted := 0
	for _, f := range files {
		if f.Priority > client.Unwanted {
			wanted++
			length += f.Length
		}
	}
	if wanted == len(files) {
		return length
	}
	hint := ""
	if s.choice.isEmpty() && !i.seedOnly {
		hint = " To have all of them, use --select '**'."
	}
	s.c.Say("%s: %s of %s wanted, %s of %s.%s", i.name, quantity.Number(int64(wanted)), quantity.Count(len(files), "file"), quantity.Size(length), quantity.Size(i.t.Length()), hint)
	return length
}

// recorded returns what a former run wanted of a torrent and where it put that; nothing if that
// cannot be found out, because adding the torrent meets the error again.
func (s *session) recorded(info *metainfo.Info) client.Recorded {
	r, err := s.config.Recorded(info, s.config.Dir)
	if err != nil {
		return client.Recorded{}
	}
	return r
}
