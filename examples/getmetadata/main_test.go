package main

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const printed = "\"sample.bin\", 733 bytes of metadata\n     8400953 \"sample.bin\"\n"

func TestRun(t *testing.T) {
	var out strings.Builder
	require.NoError(t, run(t.Context(), &out, nil))
	require.Equal(t, printed, out.String())
}

func TestRunWithPeer(t *testing.T) {
	p, err := newPeer(t.Context())
	require.NoError(t, err)
	defer p.close()
	var out strings.Builder
	require.NoError(t, run(t.Context(), &out, []string{"-peer", p.addr.String(), p.link}))
	require.NoError(t, run(t.Context(), &out, []string{p.link + "&x.pe=" + p.addr.String()}))
	require.Equal(t, printed+printed, out.String())

	require.ErrorContains(t, run(t.Context(), &out, []string{p.link}), "name one with -peer")
	require.Error(t, run(t.Context(), &out, []string{"no link"}))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, run(ctx, &out, []string{"-peer", p.addr.String(), p.link}), context.Canceled)
}
