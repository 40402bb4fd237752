package feeds

import (
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shoal-bt/shoal/dht"
	"github.com/shoal-bt/shoal/swarm"
)

// Keys are bounded, followed once for each torrent, and tried again while there is no node.
func TestSet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var opened, ended atomic.Int32
		s := New(Config{
			Node: func() (*dht.Node, error) {
				opened.Add(1)
				return nil, errors.New("the network is down")
			},
			Report: func(id swarm.ID, v dht.Version) { t.Error(id, v) },
			Ended:  func() { ended.Add(1) },
		})
		require.True(t, s.Follow(swarm.ID{1}, dht.Feed{}, dht.Version{}))
		require.True(t, s.Follow(swarm.ID{1}, dht.Feed{}, dht.Version{}))
		synctest.Wait()
		require.EqualValues(t, 1, opened.Load())
		time.Sleep(retryNode + time.Second)
		require.EqualValues(t, 2, opened.Load())
		s.Stop(swarm.ID{1}, swarm.ID{2})
		time.Sleep(2 * retryNode)
		require.EqualValues(t, 2, opened.Load())
		require.EqualValues(t, 1, ended.Load())
		for i := range maxFollowed {
			require.True(t, s.Follow(swarm.ID{byte(i), byte(i >> 8), 1}, dht.Feed{}, dht.Version{}))
		}
		require.False(t, s.Follow(swarm.ID{2}, dht.Feed{}, dht.Version{}))
		s.Close()
		require.EqualValues(t, 1+maxFollowed, ended.Load())
		s.Close()
		s.Stop(swarm.ID{0, 0, 1})
		require.True(t, s.Follow(swarm.ID{2}, dht.Feed{}, dht.Version{}), "nobody needs a warning now")
	})
}
