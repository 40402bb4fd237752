package httptracker

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/shoal-bt/shoal/swarm"
	"github.com/stretchr/testify/require"
)

// An answer names the tracker that gave it, without its passkey.
func TestTiersNameTheTrackerThatAnswered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFakes()
		first, second := "http://one.example/announce?passkey=0123456789abcdef", "http://two.example/announce"
		tiers := NewTiers([][]string{{first}, {second}}, TiersConfig{Open: f.open})
		for _, test := range []struct {
			isDown bool
			want   string
		}{{false, Redact(first)}, {true, second}, {false, Redact(first)}} {
			f.down[first] = test.isDown
			answer, err := tiers.Announce(t.Context(), swarm.Announcement{}, func(swarm.Address) {})
			require.NoError(t, err)
			require.Equal(t, test.want, answer.Tracker)
			require.NotContains(t, answer.Tracker, "0123456789abcdef")
			time.Sleep(30 * time.Minute)
		}
	})
}
