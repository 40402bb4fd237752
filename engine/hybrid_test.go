package engine

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/shoal-bt/shoal/swarm"
	"github.com/shoal-bt/shoal/swarm/pickertest"
	"github.com/stretchr/testify/require"
)

// bySwarm is a source that knows other peers in each swarm.
type bySwarm map[swarm.ID]swarm.List

func (b bySwarm) Announce(ctx context.Context, a swarm.Announcement, found func(swarm.Address)) (swarm.Answer, error) {
	return b[a.Swarm].Announce(ctx, a, found)
}

// TestHybridMeetsBothSwarms has a torrent of two swarms meet peers that know one of
// them each, where only we dial.
func TestHybridMeetsBothSwarms(t *testing.T) {
	v1, v2 := newSample(1, 1<<20, 1<<18), newSample(1, 1<<20, 1<<18)
	v2.id = swarm.ID{2}
	for name, test := range map[string]struct {
		sources func(one, two swarm.Address) []swarm.PeerSource
		named   bool // by a user
		failed  int
	}{
		"each found in its own": {sources: func(one, two swarm.Address) []swarm.PeerSource {
			return []swarm.PeerSource{bySwarm{v1.id: list(one), v2.id: list(two)}}
		}},
		"each found in both": {sources: func(one, two swarm.Address) []swarm.PeerSource {
			return []swarm.PeerSource{list(one, two)}
		}, failed: 1},
		"named by a user": {named: true, failed: 1},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, r *rig) {
				one, two := r.engine("10.0.0.2", link, Config{}), r.engine("10.0.0.3", link, Config{})
				r.seed(one, v1)
				r.seed(two, v2)
				e := r.engine("10.0.0.1", link, Config{})
				events := e.Subscribe(0)
				spec := v1.spec(swarm.NewMemory(v1.geometry.Length))
				spec.Swarms = []swarm.ID{v1.id, v2.id}
				spec.NewPicker = func() swarm.Picker { return asleep{pickertest.NewLowest(v1.geometry)} } // so that both stay
				if test.sources != nil {
					spec.Sources = test.sources(at(one), at(two))
				}
				x := r.add(e, spec)
				if test.named {
					x.AddPeers(at(one), at(two))
				}
				time.Sleep(10 * time.Second)
				var met []string
				for _, p := range x.Peers() {
					met = append(met, p.Addr.Addr().String())
				}
				slices.Sort(met)
				require.Equal(t, []string{"10.0.0.2", "10.0.0.3"}, met)
				require.Equal(t, test.failed, countEvents[PeerFailed](events))
			})
		})
	}
}
