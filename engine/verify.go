package engine

import (
	"context"

	"github.com/shoal-bt/shoal/engine/internal/disk"
	"github.com/shoal-bt/shoal/swarm"
)

// Verify checks what a storage holds of a torrent, without an engine. It calls
// progress, if it is not nil, after each batch with the number of pieces it has
// looked at; the calls do not overlap. workers is the number of goroutines that
// hash, zero for one for each processor. What cannot be read counts as missing.
func Verify(ctx context.Context, g swarm.Geometry, verify func([]Verdict), s swarm.Storage, workers int, progress func(done int)) (swarm.Bitfield, error) {
	store := &disk.Store{Storage: s, Geometry: g, Verify: verify}
	return store.CheckAll(ctx, workers, progress)
}
