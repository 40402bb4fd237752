package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/shoal-bt/shoal/swarm"
	"github.com/shoal-bt/shoal/swarm/sourcetest"
	"github.com/stretchr/testify/require"
)

func TestSource(t *testing.T) {
	sourcetest.Run(t, func(t *testing.T) swarm.PeerSource {
		path := filepath.Join(t.TempDir(), "peers.txt")
		require.NoError(t, os.WriteFile(path, []byte("192.0.2.1:6881\n[2001:db8::1]:6881\n"), 0o644))
		return file(path)
	})
}

func TestRun(t *testing.T) {
	var out strings.Builder
	require.NoError(t, run(t.Context(), &out, nil))
	require.Equal(t, "sample.bin: 8400953 bytes from the peers in peers.txt\n", out.String())
}
