package client

import (
	"context"
	"crypto/sha256"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shoal-bt/shoal/client/internal/metadata"
	"github.com/shoal-bt/shoal/magnet"
	"github.com/shoal-bt/shoal/metainfo"
	"github.com/shoal-bt/shoal/metainfo/builder"
	"github.com/shoal-bt/shoal/swarm"
)

// TestAddWhileAnotherAdds waits for the other call, for a .torrent file and for links, and gets
// the torrent.
func TestAddWhileAnotherAdds(t *testing.T) {
	meta, _ := smallTorrent(t, builder.Options{Format: metainfo.Hybrid})
	for name, source := range map[string]any{
		"file":    meta,
		"v1 link": &metainfo.Magnet{HashV1: meta.Info.HashV1},
		"v2 link": &metainfo.Magnet{HashV2: meta.Info.HashV2},
	} {
		t.Run(name, func(t *testing.T) {
			starting, goOn := make(chan struct{}), make(chan struct{})
			c := newLinkClient(t, newFakeSwarm(), Config{NewSources: func(*metainfo.Torrent) ([]swarm.PeerSource, error) {
				starting <- struct{}{}
				<-goOn
				return nil, nil
			}})
			first, second := make(chan *Torrent, 1), make(chan *Torrent, 1)
			go func() {
				tor, _ := c.Add(context.Background(), meta)
				first <- tor
			}()
			<-starting
			ended, cancel := context.WithCancel(t.Context())
			cancel()
			_, err := c.Add(ended, source)
			require.ErrorIs(t, err, context.Canceled, "it waits")
			errs := make(chan error, 1)
			go func() {
				tor, err := c.Add(context.Background(), source)
				second <- tor
				errs <- err
			}()
			close(goOn)
			require.ErrorIs(t, <-errs, ErrDuplicate)
			tor := <-first
			require.NotNil(t, tor)
			require.Same(t, tor, <-second)
		})
	}
}

// TestBothHashesAtOnce has the metadata of a hybrid come for two links at one time. One of the
// two fetches makes the torrent, and neither fails.
func TestBothHashesAtOnce(t *testing.T) {
	meta, _ := smallTorrent(t, builder.Options{Format: metainfo.Hybrid})
	for range 50 {
		var both sync.WaitGroup
		both.Add(2)
		c := newLinkClient(t, newFakeSwarm(), Config{})
		c.askPeers = func(ctx context.Context, r metadata.Request) (*magnet.Result, error) {
			both.Done()
			both.Wait()
			return &magnet.Result{Info: meta.Info.Raw}, nil
		}
		failed := c.Events(OnFailed, 0)
		v1, err := c.Add(t.Context(), &metainfo.Magnet{HashV1: meta.Info.HashV1})
		require.NoError(t, err)
		v2, err := c.Add(t.Context(), &metainfo.Magnet{HashV2: meta.Info.HashV2})
		require.NoError(t, err)
		require.NoError(t, v1.Ready(within(t)))
		require.NoError(t, v2.Ready(within(t)))
		require.Equal(t, sha256.Sum256(meta.Info.Raw), [32]byte(v2.now().(*running).hashV2[:]))
		require.NoError(t, c.Close())
		_, err = failed.Next(t.Context())
		require.Error(t, err, "nothing failed")
	}
}
