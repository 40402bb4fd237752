package main

import (
	"strings"
	"testing"

	"github.com/shoal-bt/shoal/swarm"
	"github.com/shoal-bt/shoal/swarm/storagetest"
	"github.com/stretchr/testify/require"
)

func TestStore(t *testing.T) {
	storagetest.Run(t, func(_ *testing.T, length int64) swarm.Storage { return newChunks(length, nil) })
	storagetest.RunPads(t, func(_ *testing.T, length int64, pads []swarm.Span) swarm.Storage { return newChunks(length, pads) })
}

func TestRun(t *testing.T) {
	var out strings.Builder
	require.NoError(t, run(t.Context(), &out, nil))
	require.Equal(t, "sample.bin: 8400953 bytes in 129 chunks of memory\n", out.String())
}
