package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestRun(t *testing.T) {
	var out strings.Builder
	require.NoError(t, run(t.Context(), &out, nil))
	require.Equal(t, "in-memory.bin: 3145728 bytes, the same on both sides\n", out.String())
}
