package main

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestRun(t *testing.T) {
	var out strings.Builder
	require.NoError(t, run(t.Context(), &out, nil))
	require.Equal(t, "met \"hello from Ann\"\n", out.String())
	require.Error(t, run(t.Context(), &out, []string{"udp://tracker.example:1"}))
	require.Error(t, run(t.Context(), &out, []string{"http://tracker.example", "x", "y"}))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, run(ctx, &out, []string{"udp://127.0.0.1:9", "x", "y"}), context.Canceled)
}
