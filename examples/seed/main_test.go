package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestRun(t *testing.T) {
	var out strings.Builder
	require.NoError(t, run(t.Context(), &out, nil))
	require.Equal(t, "seeding sample, 1348576 bytes in 2 files; others need sample.torrent\n", out.String())
}
