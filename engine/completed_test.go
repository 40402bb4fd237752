package engine

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/shoal-bt/shoal/swarm"
	"github.com/stretchr/testify/require"
)

// TestCompletedIsToldBeforeStopped closes a torrent, or pauses it, as soon as it is
// complete. Trackers count complete downloads by this event, so Stopped does not replace it.
func TestCompletedIsToldBeforeStopped(t *testing.T) {
	hangs := map[string]func(swarm.Event) time.Duration{
		"no call": func(swarm.Event) time.Duration { return 0 },
		"started": func(e swarm.Event) time.Duration { return map[bool]time.Duration{true: time.Hour}[e == swarm.Started] },
		"completed": func(e swarm.Event) time.Duration {
			return map[bool]time.Duration{true: time.Hour}[e == swarm.Completed]
		},
		"any call":                  func(swarm.Event) time.Duration { return time.Hour },
		"no call, but all are slow": func(swarm.Event) time.Duration { return time.Second },
	}
	for name, hang := range hangs {
		for _, pause := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s hangs, pause %v", name, pause), func(t *testing.T) {
				inBubble(t, func(t *testing.T, r *rig) {
					s := newSample(1, 1<<18, 1<<18)
					seed, e := r.engine("10.0.0.1", link, Config{}), r.engine("10.0.0.2", link, Config{})
					r.seed(seed, s)
					d := newDiary(func(ctx context.Context, _ int, a swarm.Announcement, _ func(swarm.Address)) (swarm.Answer, error) {
						select {
						case <-time.After(hang(a.Event)):
							return swarm.Answer{Next: time.Hour}, nil
						case <-ctx.Done():
							return swarm.Answer{}, ctx.Err()
						}
					})
					x := r.add(e, s.spec(swarm.NewMemory(s.geometry.Length), d))
					x.AddPeers(at(seed))
					r.wait(x, time.Minute)
					if pause {
						x.Pause()
					}
					begin := time.Now()
					require.NoError(t, x.Close())
					require.LessOrEqual(t, time.Since(begin), stoppedTimeout)
					require.Equal(t, []string{"started", "completed", "stopped"}, d.told())
					require.Zero(t, d.call(1).Left)
				})
			})
		}
	}
}
