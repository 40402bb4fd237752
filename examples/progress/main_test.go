package main

import (
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestRun(t *testing.T) {
	var out strings.Builder
	require.NoError(t, run(t.Context(), &out, nil))
	require.Regexp(t, `^peer 127\.0\.0\.1:\d+\n[^\n]+\nsample\.bin is complete\n$`, out.String())
	shown := regexp.MustCompile(`\r *([\d.]+) %`).FindAllStringSubmatch(out.String(), -1)
	require.Len(t, shown, 33, "one for each piece")
	last := 0.0
	for _, m := range shown {
		percent, err := strconv.ParseFloat(m[1], 64)
		require.NoError(t, err)
		require.GreaterOrEqual(t, percent, last)
		last = percent
	}
	require.Equal(t, 100.0, last)
}
