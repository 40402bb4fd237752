package client

import (
	"context"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shoal-bt/shoal/engine"
	"github.com/shoal-bt/shoal/metainfo"
	"github.com/shoal-bt/shoal/metainfo/builder"
)

func TestCopyOfTheTorrentFileIsGone(t *testing.T) {
	for name, damage := range map[string]func(t *testing.T, path string){
		"deleted": func(t *testing.T, path string) { require.NoError(t, os.Remove(path)) },
		"damaged": func(t *testing.T, path string) { require.NoError(t, os.WriteFile(path, []byte("d4:infod"), 0o666)) },
		"other": func(t *testing.T, path string) {
			other, err := builder.Options{}.Bytes(t.Context(), "other", []byte{1})
			require.NoError(t, err)
			b, err := other.Bytes()
			require.NoError(t, err)
			require.NoError(t, os.WriteFile(path, b, 0o666))
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := newIdleAlbum(t)
			events := h.Events(AllEvents, 0)
			damage(t, h.tor.run().copyPath())
			_, err := h.tor.Metainfo()
			require.ErrorContains(t, err, "album")
			_, err = h.tor.Files()
			require.Error(t, err)
			require.Error(t, h.tor.SetTrackers(nil), "which were its own?")
			require.NoError(t, h.tor.SetTrackers([][]string{{"http://127.0.0.1:1/announce"}}))
			require.Contains(t, h.tor.Magnet(), "127.0.0.1")
			require.Error(t, h.tor.Recheck(within(t)))
			require.Equal(t, 1.0, h.tor.Progress(), "nothing is in doubt for that")

			ctx, cancel := context.WithCancel(t.Context())
			go func() {
				for e := range events.All(ctx) {
					if _, ok := e.(engine.Warning); ok {
						cancel()
					}
				}
			}()
			require.ErrorIs(t, h.download(t, ctx), context.Canceled, "and the user is warned")
			require.Error(t, h.Remove(h.tor, Delete), "nobody knows what")
			require.NotEmpty(t, h.record(t).Owned)

			h.start(t)
			require.Zero(t, h.tor.Stats().ToCheck)
			metaOf(t, h.tor)
			require.NoError(t, h.Remove(h.tor, Delete))
		})
	}
}

// TestIdleReleasesTheInfo fails if a pointer into the metainfo keeps all of it in memory.
func TestIdleReleasesTheInfo(t *testing.T) {
	for _, format := range []metainfo.Format{metainfo.V1, metainfo.V2, metainfo.Hybrid} {
		t.Run(format.String(), func(t *testing.T) {
			dir := t.TempDir()
			content := slices.Repeat([]byte{3, 1, 4}, 50_000)
			require.NoError(t, os.WriteFile(filepath.Join(dir, "file"), content, 0o666))
			c, err := New(Config{Dir: dir, State: t.TempDir(), Listen: Off})
			require.NoError(t, err)
			defer c.Close()
			gone := make(chan struct{})
			add := func() *Torrent {
				meta, err := builder.Options{Format: format, PieceLength: 16 << 10}.Bytes(t.Context(), "file", content)
				require.NoError(t, err)
				runtime.AddCleanup(meta.Info, func(c chan struct{}) { close(c) }, gone)
				tor, err := c.Add(t.Context(), meta, AddOptions{Trust: true})
				require.NoError(t, err)
				return tor
			}
			tor := add()
			require.Eventually(t, func() bool {
				runtime.GC()
				select {
				case <-gone:
					return true
				default:
					return false
				}
			}, time.Minute, time.Millisecond)
			magnet := tor.Magnet()
			require.Equal(t, format != metainfo.V2, strings.Contains(magnet, "btih"), magnet)
			require.Equal(t, format != metainfo.V1, strings.Contains(magnet, "btmh"), magnet)
			require.Equal(t, format, formatOf(metaOf(t, tor).Info))
			require.NoError(t, tor.Recheck(within(t)))
			require.Equal(t, 1.0, tor.Progress())
			tor.run().becomeIdle()
			require.NoError(t, c.Remove(tor, Keep))
			_, err = tor.Files()
			require.ErrorIs(t, err, ErrRemoved)
		})
	}
}

func formatOf(i *metainfo.Info) metainfo.Format {
	switch {
	case !i.HasV2():
		return metainfo.V1
	case !i.HasV1():
		return metainfo.V2
	}
	return metainfo.Hybrid
}
