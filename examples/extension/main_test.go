package main

import (
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestRun(t *testing.T) {
	var out strings.Builder
	require.NoError(t, run(t.Context(), nil, &out, nil))
	require.Equal(t, "the host heard \"good evening\"\nthe guest heard \"welcome\"\n", out.String())
}

func TestArguments(t *testing.T) {
	require.NoError(t, run(t.Context(), strings.NewReader("hello\n"), io.Discard, []string{"host", "127.0.0.1:0"}))
	require.Error(t, run(t.Context(), nil, io.Discard, []string{"guest"}))
	require.Error(t, run(t.Context(), nil, io.Discard, []string{"guest", "127.0.0.1:1"}))
}

// What a stranger says does not reach the terminal as a command.
func TestPrintable(t *testing.T) {
	require.Equal(t, "hé ?[2J?", printable("hé \x1b[2J\n"))
}
