package main

import (
	"bytes"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shoal-bt/shoal/magnet"
	"github.com/shoal-bt/shoal/pex"
	"github.com/shoal-bt/shoal/protocol/extension"
	swarms "github.com/shoal-bt/shoal/swarmsim/scenario"
)

// TestMisbehaviorsWithExtensions runs the misbehaviors that are about extensions with the
// extensions themselves: nobody honest is hurt, and nobody gets more of the metadata than
// three times each piece from each peer. Package scenario has a model in their place, because
// its module must not import theirs.
func TestMisbehaviorsWithExtensions(t *testing.T) {
	info := make([]byte, 100_000)
	for _, name := range []string{
		"handshakes", "reused-ids", "swapped-ids", "255-ids", "metadata-size", "metadata-requests", "metadata-data",
		"metadata-rejects", "metadata-wrong-size", "pex-many", "pex-victim", "pex-port-0", "pex-ourselves", "pex-added-dropped", "reconnects", "takes-nothing",
	} {
		t.Run(name, func(t *testing.T) {
			s, err := swarms.Find(name)
			require.NoError(t, err)
			sim, err := s.Sim(swarms.Options{
				Seed:       1,
				Peers:      10,
				Pieces:     200,
				Time:       2 * time.Minute,
				Extensions: []extension.Maker{magnet.Serve(len(info), bytes.NewReader(info)), pex.New},
			})
			require.NoError(t, err)
			r, err := sim.Run()
			require.NoError(t, err)
			require.NoError(t, swarms.Judge(r))
			var up, down int64
			for _, p := range r.Peers {
				up, down = up+p.Up, down+p.Down
			}
			connections := int64(len(r.Peers) * len(r.Peers))
			served := up - down // metadata counts as upload, but not as download
			require.LessOrEqual(t, served, connections*3*int64(len(info)))
			if name == "metadata-requests" {
				require.Positive(t, served)
			}
		})
	}
}
