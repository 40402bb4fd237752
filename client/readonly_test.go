package client_test

import (
	"testing"

	"github.com/shoal-bt/shoal/client"
	"github.com/shoal-bt/shoal/engine"
	"github.com/shoal-bt/shoal/metainfo"
	"github.com/shoal-bt/shoal/swarm"
	"github.com/stretchr/testify/require"
)

// unreadableStart is a storage whose first bytes cannot be read.
type unreadableStart struct{ *swarm.Memory }

func (s unreadableStart) ReadAt(p []byte, off int64) (int, error) {
	if off < 100 {
		return 0, errDisk
	}
	return s.Memory.ReadAt(p, off)
}

// TestUnreadableContent shares content of which a piece cannot be read: the rest is served,
// and a Warning says what is wrong. A download of the same fails.
func TestUnreadableContent(t *testing.T) {
	b := content(21, 200_000)
	meta := torrentOf(t, "file.bin", b)
	disk := unreadableStart{swarm.NewMemory(int64(len(b)))}
	_, err := disk.WriteAt(b, 0)
	require.NoError(t, err)
	config := client.Config{NewStorage: func(*metainfo.Torrent, string) (swarm.Storage, error) { return disk, nil }}

	c := newClient(t, config)
	events := c.Events(0, 0)
	seed, err := c.Add(within(t), meta, client.AddOptions{ReadOnly: true})
	require.NoError(t, err)
	warning, _ := until[engine.Warning](t, events)
	require.ErrorIs(t, client.ErrorOf(warning), errDisk)
	require.ErrorContains(t, warning.Err, "piece 0 ")
	require.ErrorIs(t, seed.Wait(within(t)), client.ErrReadOnly)
	require.NoError(t, seed.Await(within(t), 1))
	stats := seed.Stats()
	require.Equal(t, engine.PhaseRunning, stats.Phase)
	require.Equal(t, stats.Pieces-1, stats.Held)
	require.Equal(t, 1, stats.Unreadable)

	download, err := newClient(t, config).Add(within(t), meta)
	require.NoError(t, err)
	require.ErrorIs(t, download.Wait(within(t)), errDisk)
}
