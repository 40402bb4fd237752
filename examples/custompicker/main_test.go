package main

import (
	"slices"
	"strings"
	"testing"

	"github.com/shoal-bt/shoal/swarm"
	"github.com/shoal-bt/shoal/swarm/pickertest"
	"github.com/stretchr/testify/require"
)

func TestPicker(t *testing.T) {
	pickertest.Run(t, func(_ *testing.T, g swarm.Geometry) swarm.Picker { return newPicker(g) })
}

func TestRun(t *testing.T) {
	var out strings.Builder
	require.NoError(t, run(t.Context(), &out, nil))
	pieces := strings.Fields(out.String())
	require.Len(t, pieces, 34) // 33 pieces and "done"
	require.Less(t, slices.Index(pieces, "32"), slices.Index(pieces, "0"), "the last piece comes before the first")
}
