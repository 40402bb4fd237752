package client

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shoal-bt/shoal/client/internal/lazystorage"
	"github.com/shoal-bt/shoal/engine"
	"github.com/shoal-bt/shoal/metainfo/builder"
)

// TestCheckMeetsATorrentThatBecomesIdle checks a torrent that became idle after Recheck
// opened it. Files that are missing are what the check looks for.
func TestCheckMeetsATorrentThatBecomesIdle(t *testing.T) {
	h := newIdleAlbum(t)
	require.NoError(t, os.Rename(filepath.Join(h.dir, "album", "b"), filepath.Join(h.dir, "b")))
	require.NoError(t, h.tor.run().engine.Recheck(within(t)))
	require.Equal(t, engine.PhaseRunning, h.tor.Stats().Phase)
	require.Equal(t, 18, h.tor.Stats().Held)
}

// TestEveryPairOfCalls has each two calls meet, on a torrent that is idle and on one that
// is about to be. Nothing may fail but for a torrent that is gone, and Remove leaves no
// record behind.
func TestEveryPairOfCalls(t *testing.T) {
	type use func(*idleAlbum) error
	uses := map[string]use{
		"idle":          func(h *idleAlbum) error { h.tor.run().becomeIdle(); return nil },
		"Idle":          func(h *idleAlbum) error { h.tor.run().storage.Idle(); return nil },
		"read":          func(h *idleAlbum) error { _, err := h.tor.ReadAt(make([]byte, 10), 0); return err },
		"Recheck":       func(h *idleAlbum) error { return h.tor.Recheck(context.Background()) },
		"Pause":         func(h *idleAlbum) error { return h.tor.Pause() },
		"Resume":        func(h *idleAlbum) error { return h.tor.Resume() },
		"SetTrackers":   func(h *idleAlbum) error { return h.tor.SetTrackers([][]string{{"http://127.0.0.1:1/announce"}}) },
		"want":          func(h *idleAlbum) error { return h.tor.SetPriorities([]int{Unwanted, HighestPriority}) },
		"SetSequential": func(h *idleAlbum) error { return h.tor.SetSequential(true) },
		"Files":         func(h *idleAlbum) error { _, err := h.tor.Files(); return err },
		"fail":          func(h *idleAlbum) error { h.tor.run().fail(errPair); return nil },
		"save":          func(h *idleAlbum) error { h.tor.run().storage.ScheduleSave(); return nil },
		"Complete":      func(h *idleAlbum) error { return h.tor.run().storage.Complete() },
		"remove":        func(h *idleAlbum) error { return h.Remove(h.tor, Keep) },
		"remove, files": func(h *idleAlbum) error { return h.Remove(h.tor, Delete) },
		"Close":         func(h *idleAlbum) error { return h.Close() },
	}
	names := slices.Sorted(maps.Keys(uses))
	for i, a := range names {
		for _, b := range names[i:] {
			for _, state := range []string{"idle", "open"} {
				h := pairAlbum(t)
				if state == "open" {
					require.NoError(t, h.storage().Reopen(false))
				}
				begin := make(chan struct{})
				var wg sync.WaitGroup
				for _, name := range []string{a, b} {
					wg.Go(func() {
						<-begin
						err := uses[name](h)
						gone := errors.Is(err, ErrRemoved) || errors.Is(err, ErrClosed) || errors.Is(err, ErrUnknown) || errors.Is(err, fs.ErrClosed)
						stopped := errors.Is(err, errPair) || errors.Is(err, engine.ErrBusy) || errors.Is(err, engine.ErrNoPiece)
						if err != nil && !gone && !stopped {
							t.Errorf("%s beside %s, %s: %v", a, b, state, err)
						}
					})
				}
				close(begin)
				wg.Wait()
				h.requireConsistent(t, a+" beside "+b+", "+state)
			}
		}
	}
}

// errPair is what a torrent fails with. A check that it ends returns it.
var errPair = errors.New("trouble")

func (h *idleAlbum) storage() *lazystorage.Storage { return h.tor.run().storage }

// pairAlbum returns an idle album without a seeder.
func pairAlbum(t *testing.T) *idleAlbum {
	t.Helper()
	source := t.TempDir()
	h := &idleAlbum{dir: t.TempDir(), state: t.TempDir(), torrent: filepath.Join(source, "album.torrent")}
	require.NoError(t, os.MkdirAll(filepath.Join(h.dir, "album"), 0o777))
	for _, name := range []string{"a", "b"} {
		require.NoError(t, os.WriteFile(filepath.Join(h.dir, "album", name), bytes.Repeat([]byte(name), 30_000), 0o666))
	}
	meta, err := builder.Options{PieceLength: 16 << 10}.File(t.Context(), filepath.Join(h.dir, "album"))
	require.NoError(t, err)
	b, err := meta.Bytes()
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(h.torrent, b, 0o666))
	h.Client, err = New(Config{Dir: h.dir, State: h.state, Listen: Off, Save: time.Hour})
	require.NoError(t, err)
	t.Cleanup(func() { h.Close() })
	h.tor, err = h.Add(t.Context(), h.torrent, AddOptions{Trust: true})
	require.NoError(t, err)
	require.Eventually(t, func() bool { return h.tor.run().storage.Current() == nil }, time.Minute, time.Millisecond)
	return h
}

// requireConsistent closes the client, and fails if anything is left that should not be.
func (h *idleAlbum) requireConsistent(t *testing.T, what string) {
	t.Helper()
	removed := errors.Is(h.tor.run().checkOpen(), ErrRemoved)
	err := h.Close()
	require.NoError(t, err, what)
	require.Zero(t, h.config.Disk.Handles.Open(), what)
	r, err := h.tor.run().folder.Load(h.tor.ID())
	if removed {
		require.ErrorIs(t, err, fs.ErrNotExist, what)
		require.NoDirExists(t, h.tor.run().folder.Path(h.tor.ID()), what)
		return
	}
	require.NoError(t, err, what)
	require.LessOrEqual(t, r.Pieces.Count(), h.tor.run().geometry.Pieces(), what)
}
