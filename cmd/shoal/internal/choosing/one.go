package choosing

import (
	"errors"
	"fmt"
	"strings"

	"github.com/shoal-bt/shoal/cmd/shoal/internal/advice"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/quantity"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/selection"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/terminal"
	"github.com/shoal-bt/shoal/metainfo"
	"github.com/shoal-bt/shoal/stream"
)

// ErrNoFile says that a torrent has nothing that could be used.
var ErrNoFile = errors.New("the torrent has no file")

// ToPlay returns which files are wanted for a player: those that the user named, or else the one that
// is best to play.
func (a Choice) ToPlay(info *metainfo.Info, files []selection.File, wanted []bool, b Background) ([]bool, error) {
	if len(a.Patterns) == 0 && !a.IsAsked {
		best, err := BestToPlay(info, files, wanted)
		if err != nil {
			return nil, err
		}
		wanted = make([]bool, len(files))
		wanted[best] = true
	}
	return b.with(files, wanted), nil
}

// ToPrint is ToPlay for the one file that is printed.
func (a Choice) ToPrint(info *metainfo.Info, files []selection.File, wanted []bool, b Background) ([]bool, error) {
	one, err := OnlyOne(info, files, wanted)
	if err != nil {
		return nil, err
	}
	wanted = make([]bool, len(files))
	wanted[one] = true
	return b.with(files, wanted), nil
}

// with returns which files are wanted together with those that a former run wanted: who looks at a file
// takes none back. It returns nil if these are all.
func (b Background) with(files []selection.File, wanted []bool) []bool {
	if !b.IsKnown {
		return wanted
	}
	isMore := false
	for i, f := range files {
		isMore = isMore || (wanted[i] && !b.wants(f.Index))
		wanted[i] = wanted[i] || b.wants(f.Index)
	}
	if !isMore {
		return nil
	}
	return wanted
}

// BestToPlay returns the file that is best to play, of those that are wanted.
func BestToPlay(info *metainfo.Info, files []selection.File, wanted []bool) (int, error) {
	var candidates []stream.File
	var places []int
	for i, f := range files {
		if wanted[i] && info.Entries[f.Index].Symlink == "" {
			candidates, places = append(candidates, stream.File{Path: f.Path, Length: f.Length}), append(places, i)
		}
	}
	best := stream.Choose(candidates)
	if best < 0 {
		return 0, ErrNoFile
	}
	return places[best], nil
}

// OnlyOne returns the file that is wanted, or an error that lists those that are if they are several.
func OnlyOne(info *metainfo.Info, files []selection.File, wanted []bool) (one int, err error) {
	const listed = 20
	var list strings.Builder
	n := 0
	for i, f := range files {
		if !wanted[i] || info.Entries[f.Index].Symlink != "" {
			continue
		}
		one = i
		if n < listed {
			fmt.Fprintf(&list, " %s\n", selection.Line(f))
		}
		n++
	}
	if n > listed {
		fmt.Fprintf(&list, " and %s; inspect --files lists all\n", quantity.Count(n-listed, "more file"))
	}
	switch n {
	case 0:
		return 0, ErrNoFile
	case 1:
		return one, nil
	}
	err = fmt.Errorf("%s are chosen of %s, and only one can be printed", quantity.Count(n, "file"), terminal.Sanitize(info.Name))
	return 0, advice.New(err, "Name one of them with --select, by its path or its number:\n"+list.String())
}
