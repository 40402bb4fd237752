package client_test

import (
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shoal-bt/shoal/client"
)

// TestOneClientAtATime adds a torrent to two clients with one state folder.
func TestOneClientAtATime(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("nobody is kept off here")
	}
	state, dir := t.TempDir(), t.TempDir()
	first, tor := clientWithTorrent(t, client.Config{Dir: dir, State: state})
	second := newClient(t, client.Config{Dir: dir, State: state})
	_, err := second.Add(within(t), metaOf(t, tor))
	require.ErrorIs(t, err, client.ErrInUse)
	require.ErrorContains(t, err, `client: adding "file.bin": another client has the torrent in this folder`)
	require.Empty(t, second.Torrents())

	_, err = second.Add(within(t), torrentOf(t, "other.bin", content(21, 100_000)))
	require.NoError(t, err, "another torrent, in the same folder")
	elsewhere, err := second.Add(within(t), metaOf(t, tor), client.AddOptions{Dir: t.TempDir()})
	require.NoError(t, err, "the same torrent, in another folder")
	require.NoError(t, second.Remove(elsewhere, client.Keep))
	_, err = second.Add(within(t), metaOf(t, tor))
	require.ErrorIs(t, err, client.ErrInUse, "what second let go of was another")

	require.NoError(t, first.Remove(tor, client.Keep))
	tor, err = second.Add(within(t), metaOf(t, tor))
	require.NoError(t, err)
	require.NoError(t, second.Close())
	_, err = first.Add(within(t), metaOf(t, tor))
	require.NoError(t, err)
}
