package ours

import (
	"fmt"

	"github.com/shoal-bt/shoal/bench/internal/child"
	"github.com/shoal-bt/shoal/engine"
)

// Recheck checks what is in dir against its torrent, with so many goroutines that
// hash.
func Recheck(p *child.Parent, torrent, dir string, workers int) error {
	spec, err := open(torrent, dir)
	if err != nil {
		return err
	}
	defer spec.Storage.Close()
	if err := p.Ready(""); err != nil {
		return err
	}
	have, err := engine.Verify(p.Context(), spec.Geometry, spec.Verify, spec.Storage, workers, nil)
	if err != nil {
		return err
	}
	if n := spec.Geometry.Pieces(); have.Count() != n {
		return fmt.Errorf("%d of %d pieces are good", have.Count(), n)
	}
	return p.Done("")
}
