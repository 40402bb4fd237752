package main

import (
	"context"
	"errors"

	"github.com/shoal-bt/shoal/client"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/chooser"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/choosing"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/quantity"
	"github.com/shoal-bt/shoal/metainfo"
	"github.com/shoal-bt/shoal/swarm"
)

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
	if s.choice.IsEmpty() {
		return nil
	}
	if !s.choice.IsAsked {
		return func(info *metainfo.Info) ([]uint8, error) {
			return s.choice.Of(ctx, s.c, info, s.background(info, link))
		}
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
	priorities, err := s.choice.Of(ctx, s.c, q.info, s.background(q.info, q.link))
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
	if s.choice.IsEmpty() && !i.seedOnly {
		hint = " To have all of them, use --select '**'."
	}
	s.c.Say("%s: %s of %s wanted, %s of %s.%s", i.name, quantity.Number(int64(wanted)), quantity.Count(len(files), "file"), quantity.Size(length), quantity.Size(i.t.Length()), hint)
	return length
}

// background returns what else says which files of a torrent are wanted. link is nil for a .torrent
// file.
func (s *session) background(info *metainfo.Info, link *metainfo.Magnet) choosing.Background {
	r := s.recorded(info)
	isKnown := r.Disk.PartFile != "" && (link == nil || len(r.Disk.Owned) > 0) // a link has a record before it has files
	return choosing.Background{IsKnown: isKnown, Before: r.Priorities, Link: link}
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
