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

// Trackers for which there was no time are tried first by the next announce, also if the
// back-off of those before them is over. Otherwise slow ones could keep them from being asked.
func TestTiersTryUnreachedFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFakes()
		f.next = time.Second
		urls := [][]string{{"one"}, {"two"}, {"three"}, {"four"}}
		for _, u := range []string{"one", "two", "three"} {
			f.slow[u], f.down[u] = 20*time.Second, true
		}
		tiers := NewTiers(urls, TiersConfig{Open: f.open})
		require.ErrorContains(t, announce(t, tiers, swarm.Started), "no time for 2 more trackers; the next announce tries them first")
		require.Equal(t, []string{"one started", "two started"}, f.take())
		time.Sleep(2 * time.Second)
		require.NoError(t, announce(t, tiers, swarm.None))
		require.Equal(t, []string{"three", "four"}, f.take())
		time.Sleep(2 * time.Second)
		require.Error(t, announce(t, tiers, swarm.None)) // the order of the tiers again
		require.Equal(t, []string{"one", "two"}, f.take())
		require.Equal(t, urls, tiers.URLs())
	})
}
