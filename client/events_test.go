package client_test

import (
	"context"
	"io"
	"net/netip"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shoal-bt/shoal/client"
	"github.com/shoal-bt/shoal/engine"
	"github.com/shoal-bt/shoal/metainfo/builder"
)

// until reads events up to one of type E, and returns those before.
func until[E client.Event](t *testing.T, s *client.Stream) (last E, before []client.Event) {
	t.Helper()
	ctx := within(t)
	for {
		e, err := s.Next(ctx)
		require.NoError(t, err, "waiting for a %T after %v", last, before)
		if last, ok := e.(E); ok {
			return last, before
		}
		before = append(before, e)
	}
}

// only returns the events of type E.
func only[E client.Event](all []client.Event) (some []E) {
	for _, e := range all {
		if e, ok := e.(E); ok {
			some = append(some, e)
		}
	}
	return some
}

func TestFileCompleted(t *testing.T) {
	seeder := newClient(t, client.Config{})
	seed, err := seeder.Seed(within(t), folder(t), small())
	require.NoError(t, err)
	for _, size := range []int{1, 0} {
		c := newClient(t, client.Config{})
		all := c.Events(client.OnFile|engine.OnCompleted, size)
		other := c.Events(client.AllEvents, 10_000)
		tor, err := c.Add(within(t), metaOf(t, seed))
		require.NoError(t, err)
		one := tor.Events(0, 0)
		require.NoError(t, tor.AddPeers(seeder.Addr()))
		require.NoError(t, tor.Wait(within(t)))
		want := map[string]int64{"album/one.bin": 300_000, "album/two/a.bin": 70_000, "album/two/b.bin": 1}
		if size == 1 {
			// So small a stream has lost most pieces by now, and no file.
			require.NotZero(t, all.Dropped())
		}
		for _, s := range []*client.Stream{all, one, other} {
			got := map[string]int64{}
			var before []client.Event
			for len(got) < len(want) {
				f, events := until[client.FileCompleted](t, s)
				before = append(before, events...)
				require.Zero(t, got[f.Path], "twice")
				require.Equal(t, tor.ID(), f.Torrent)
				require.Equal(t, f.Path, metaOf(t, tor).Info.Entries[f.Index].Path)
				got[f.Path] = f.Length
			}
			require.Equal(t, want, got)
			switch s {
			case all:
				require.Empty(t, only[engine.Piece](before), "nobody asked for pieces")
			case other:
				require.Len(t, only[engine.Added](before), 1)
				require.Len(t, only[engine.PeerConnected](before), 1)
				require.Len(t, only[engine.Piece](before), metaOf(t, tor).Info.Pieces())
				until[engine.Completed](t, s)
			}
		}
	}
}

// TestStreamOfTorrentsThatWereThere subscribes when a client has a torrent that is
// complete, and then one that is not.
func TestStreamOfTorrentsThatWereThere(t *testing.T) {
	seeder := newClient(t, client.Config{})
	seed, err := seeder.Seed(within(t), folder(t), small())
	require.NoError(t, err)
	c := newClient(t, client.Config{})
	_, err = c.Seed(within(t), content(40, 1000), client.SeedOptions{Build: builder.Options{Name: "whole"}})
	require.NoError(t, err)
	tor, err := c.Add(within(t), metaOf(t, seed))
	require.NoError(t, err)
	added(t, tor)
	s := c.Events(client.OnFile, 0)
	require.NoError(t, tor.AddPeers(seeder.Addr()))
	var paths []string
	for range 3 {
		f, _ := until[client.FileCompleted](t, s)
		require.Equal(t, tor.ID(), f.Torrent)
		paths = append(paths, f.Path)
	}
	require.ElementsMatch(t, []string{"album/one.bin", "album/two/a.bin", "album/two/b.bin"}, paths)
}

func TestWhatWasThereIsNoEvent(t *testing.T) {
	dir := folder(t)
	seeder := newClient(t, client.Config{Dir: filepath.Dir(dir)})
	s := seeder.Events(client.AllEvents, 0)
	seed, err := seeder.Seed(within(t), dir, small())
	require.NoError(t, err)
	require.NoError(t, seed.Recheck(within(t)))
	require.NoError(t, seed.Pause())
	require.NoError(t, seeder.Remove(seed, client.Keep))
	_, before := until[engine.Removed](t, s)
	require.Empty(t, only[client.FileCompleted](before))
	require.Empty(t, only[engine.Completed](before))
	require.NotEmpty(t, only[engine.Listening](before))
	require.Len(t, only[engine.Added](before), 2)
	require.Len(t, only[engine.Paused](before), 1)
}

func TestStreamEnds(t *testing.T) {
	c, err := client.New(client.Config{Dir: t.TempDir(), State: client.Off, Listen: client.Off})
	require.NoError(t, err)
	closed, open := c.Events(0, 0), c.Events(0, 0)
	closed.Close()
	_, err = closed.Next(within(t))
	require.ErrorIs(t, err, io.EOF)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = open.Next(ctx)
	require.ErrorIs(t, err, context.Canceled)
	require.NoError(t, c.Close())
	for range open.All(within(t)) {
		t.Error("an event of an idle client")
	}
}

// The mask of a stream alone decides which events arrive, whatever the engine's mask is.
func TestMaskDecides(t *testing.T) {
	seeder := newClient(t, client.Config{})
	seed, err := seeder.Seed(within(t), folder(t), small())
	require.NoError(t, err)
	few := engine.TorrentConfig{Events: engine.OnAdded}
	c := newClient(t, client.Config{Engine: engine.Config{Torrent: few}})
	kinds := []client.EventMask{
		client.OnListening, client.OnAdded, client.OnPiece, client.OnCompleted, client.OnPaused, client.OnPeerConnected, client.OnPeerLost,
		client.OnRemoved, client.OnStats, client.OnHeld, client.OnFile,
	}
	streams := make(map[client.EventMask]*client.Stream)
	for _, kind := range kinds {
		streams[kind] = c.Events(kind, 0)
	}
	tor, err := c.Add(within(t), metaOf(t, seed), client.AddOptions{Engine: &few, Peers: []netip.AddrPort{seeder.Addr()}})
	require.NoError(t, err)
	require.NoError(t, tor.Wait(within(t)))
	require.NoError(t, tor.Recheck(within(t)))
	_, err = streams[client.OnStats].Next(within(t))
	require.NoError(t, err)
	require.NoError(t, tor.Pause())
	require.NoError(t, c.Remove(tor, client.Keep))
	for _, kind := range kinds {
		streams[kind].Close()
		got := 0
		for e := range streams[kind].All(within(t)) {
			require.Equal(t, kind, e.Kind(), "%T", e)
			got++
		}
		switch kind {
		case client.OnStats:
			require.LessOrEqual(t, got, 1)
		case client.OnHeld:
			require.Equal(t, metaOf(t, seed).Info.Pieces(), got, "those that the recheck found")
		default:
			require.NotZero(t, got, "%b", kind)
		}
	}
}
