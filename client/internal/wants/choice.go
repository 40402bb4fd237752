package wants

import (
	"errors"
	"fmt"

	"github.com/shoal-bt/shoal/client/internal/selection"
	"github.com/shoal-bt/shoal/metainfo"
	"github.com/shoal-bt/shoal/resume"
)

// ErrSelectsNothing says that a link selects no file of its torrent.
var ErrSelectsNothing = errors.New("the link selects files that the torrent does not have; all files are downloaded")

// A Choice is what says at the start what is wanted. The zero value says nothing.
type Choice struct {
	// Priorities returns a priority for each entry; nil for no choice.
	Priorities func(*metainfo.Info) ([]uint8, error)

	Sequential, FirstLast bool

	Record resume.Selection // of a former run
	Link   *metainfo.Magnet // nil for none
}

// Choose sets what is wanted: what Priorities says, or else the record, or else the link. It returns the
// part of it that the engine keeps. Warn gets what the user should know. The error is that of
// Priorities, or a *selection.RangeError. It is called once, before anything else.
func (w *Wants) Choose(c Choice, info *metainfo.Info, warn func(error)) (inEngine resume.Selection, err error) {
	s := newSelection(info)
	priorities, err := c.given(info)
	if err != nil {
		return inEngine, err
	}
	chosen := priorities != nil
	if !chosen && !c.Record.IsZero() {
		chosen = s.Restore(c.Record) == nil
		if chosen {
			inEngine = c.Record
		} else {
			s = newSelection(info) // the record is damaged, or of another torrent
		}
	}
	if !chosen && c.Link != nil && len(c.Link.Select) > 0 {
		priorities = selection.OfLink(c.Link.Select, len(info.Entries))
		chosen = priorities != nil
		if !chosen {
			warn(ErrSelectsNothing)
		}
	}
	if priorities != nil {
		if _, err := s.SetFiles(priorities); err != nil {
			return inEngine, fmt.Errorf("choosing files: %w", err)
		}
	}
	inEngine.Sequential = inEngine.Sequential || c.Sequential
	if c.FirstLast {
		s.SetFirstLast(true)
	}
	if chosen || c.FirstLast || inEngine.Sequential {
		s.Toggled() // it is from the start
		w.mu.Lock()
		defer w.mu.Unlock()
		w.selection = s
	}
	return inEngine, nil
}

// given returns what Priorities says; nil for nothing.
func (c Choice) given(info *metainfo.Info) ([]int, error) {
	if c.Priorities == nil {
		return nil, nil
	}
	given, err := c.Priorities(info)
	if err != nil {
		return nil, fmt.Errorf("choosing files: %w", err)
	}
	if given == nil {
		return nil, nil
	}
	priorities := make([]int, len(given))
	for i, p := range given {
		priorities[i] = int(p)
	}
	return priorities, nil
}
