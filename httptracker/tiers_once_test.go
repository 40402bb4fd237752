package httptracker

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/shoal-bt/shoal/swarm"
	"github.com/stretchr/testify/require"
)

// A patientFake is a fake that can give up soon.
type patientFake struct{ fake }

func (k patientFake) AnnounceOnce(ctx context.Context, a swarm.Announcement, found func(swarm.Address)) (swarm.Answer, error) {
	k.url += " once"
	return k.Announce(ctx, a, found)
}

// A source is told to give up soon while another one is left to ask.
func TestTiersOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFakes()
		f.down["one once"] = true
		f.next = 10 * time.Minute
		tiers := NewTiers([][]string{{"one"}, {"two"}}, TiersConfig{Open: func(url string) (swarm.PeerSource, error) {
			return patientFake{fake{f, url}}, nil
		}})
		require.NoError(t, announce(t, tiers, swarm.Started))
		require.Equal(t, []string{"one once started", "two started"}, f.take())
		require.NoError(t, announce(t, tiers, swarm.None)) // one waits for its back-off
		require.Equal(t, []string{"two"}, f.take())
		tiers.Set([][]string{{"one"}})
		require.NoError(t, announce(t, tiers, swarm.None))
		require.Equal(t, []string{"one"}, f.take())
		require.NoError(t, announce(t, tiers, swarm.Stopped))
		require.ElementsMatch(t, []string{"one stopped", "two stopped"}, f.take())
	})
}
