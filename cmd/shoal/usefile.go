package main

import (
	"github.com/shoal-bt/shoal/client"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/selection"
	"github.com/shoal-bt/shoal/metainfo"
)

// wantedFile returns which of a torrent's files of the client is meant: the one that pick chooses of
// those that the user named, or else of those that are wanted.
func (s *session) wantedFile(i *item, pick func(*metainfo.Info, []selection.File, []bool) (int, error)) (client.File, error) {
	meta, err := i.t.Metainfo()
	if err != nil {
		return client.File{}, err
	}
	all, err := i.t.Files()
	if err != nil {
		return client.File{}, err
	}
	byIndex := make(map[int]client.File, len(all))
	for _, f := range all {
		byIndex[f.Index] = f
	}
	files := selection.Files(meta.Info)
	wanted, err := s.choice.Patterns.Choose(meta.Info, files)
	if err != nil {
		return client.File{}, err
	}
	if len(s.choice.Patterns) == 0 {
		for n, f := range files {
			wanted[n] = byIndex[f.Index].Priority > client.Unwanted
		}
	}
	n, err := pick(meta.Info, files, wanted)
	if err != nil {
		return client.File{}, err
	}
	return byIndex[files[n].Index], nil
}
