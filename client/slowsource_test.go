package client_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shoal-bt/shoal/client"
	"github.com/shoal-bt/shoal/swarm"
)

// A slowSource names a peer at once, and goes on until its call is ended, as the DHT does for a
// while.
type slowSource struct{ peer swarm.Address }

func (s *slowSource) Announce(ctx context.Context, a swarm.Announcement, found func(swarm.Address)) (swarm.Answer, error) {
	answer := swarm.Answer{Next: time.Hour, Seeds: -1, Leechers: -1}
	if a.Event == swarm.Stopped {
		return answer, nil
	}
	found(s.peer)
	<-ctx.Done()
	return answer, context.Cause(ctx)
}

// TestPeersAreUsedWhileTheSourceGoesOn downloads from a peer whose source never ends its call.
func TestPeersAreUsedWhileTheSourceGoesOn(t *testing.T) {
	seeder := newClient(t, client.Config{})
	seed, err := seeder.Seed(within(t), folder(t), small())
	require.NoError(t, err)
	source := &slowSource{swarm.Address{AddrPort: seeder.Addr()}}
	for what, added := range map[string]any{"torrent": metaOf(t, seed), "link": seed.ID()} {
		c := newClient(t, client.Config{})
		tor, err := c.Add(within(t), added, client.AddOptions{Sources: []swarm.PeerSource{source}})
		require.NoError(t, err, what)
		require.NoError(t, tor.Wait(within(t)), what)
	}
}
