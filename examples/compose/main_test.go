package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestRun(t *testing.T) {
	for _, s := range []string{"pwritev", "portable", "memory"} {
		for _, p := range []string{"rarest", "sequential"} {
			*store, *picker = s, p
			var out strings.Builder
			require.NoError(t, run(t.Context(), &out, nil))
			require.Equal(t, "sample.bin: 8400953 bytes, store "+s+", picker "+p+"\n", out.String())
		}
	}
	*store = "floppy"
	require.ErrorContains(t, run(t.Context(), new(strings.Builder), nil), `no store "floppy"`)
}
