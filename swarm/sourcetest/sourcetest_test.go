package sourcetest

import (
	"context"
	"errors"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/shoal-bt/shoal/swarm"
)

var address = swarm.Address{AddrPort: netip.MustParseAddrPort("192.0.2.1:6881")}

// source is a PeerSource made of a function.
type source func(ctx context.Context, a swarm.Announcement, found func(swarm.Address)) (swarm.Answer, error)

func (s source) Announce(ctx context.Context, a swarm.Announcement, found func(swarm.Address)) (swarm.Answer, error) {
	return s(ctx, a, found)
}

func TestRunPassesGoodSources(t *testing.T) {
	t.Run("answers", func(t *testing.T) {
		Run(t, func(*testing.T) swarm.PeerSource {
			return source(func(ctx context.Context, a swarm.Announcement, found func(swarm.Address)) (swarm.Answer, error) {
				select {
				case <-ctx.Done():
					return swarm.Answer{Next: time.Minute}, ctx.Err()
				case <-time.After(3 * time.Second):
				}
				found(address)
				return swarm.Answer{Next: 30 * time.Minute, Min: time.Minute, Seeds: 1}, nil
			})
		})
	})
	t.Run("never answers", func(t *testing.T) {
		Run(t, func(*testing.T) swarm.PeerSource {
			return source(func(ctx context.Context, a swarm.Announcement, found func(swarm.Address)) (swarm.Answer, error) {
				ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
				defer cancel()
				<-ctx.Done()
				return swarm.Answer{Next: time.Minute, Seeds: -1, Leechers: -1}, ctx.Err()
			})
		})
	})
}

// TestRunFindsFaults shows that the suite can fail: each of these sources breaks
// one rule, and the clause beside it must say so.
func TestRunFindsFaults(t *testing.T) {
	good := swarm.Answer{Next: time.Minute, Seeds: -1, Leechers: -1}
	tests := []struct {
		name, clause, says string
		source             source
	}{
		{"too slow", "Answers", "within 1m0s", func(ctx context.Context, a swarm.Announcement, found func(swarm.Address)) (swarm.Answer, error) {
			time.Sleep(61 * time.Second)
			return good, nil
		}},
		{"next in the past", "Answers", "Answer.Next", func(ctx context.Context, a swarm.Announcement, found func(swarm.Address)) (swarm.Answer, error) {
			return swarm.Answer{Next: -1}, nil
		}},
		{"next before min", "Answers", "less than", func(ctx context.Context, a swarm.Announcement, found func(swarm.Address)) (swarm.Answer, error) {
			return swarm.Answer{Next: time.Minute, Min: time.Hour}, nil
		}},
		{"counts below -1", "Answers", "leechers", func(ctx context.Context, a swarm.Announcement, found func(swarm.Address)) (swarm.Answer, error) {
			return swarm.Answer{Leechers: -2}, nil
		}},
		{"port 0", "Session", "whose port is not 0", func(ctx context.Context, a swarm.Announcement, found func(swarm.Address)) (swarm.Answer, error) {
			found(swarm.Address{AddrPort: netip.MustParseAddrPort("192.0.2.1:0")})
			return good, nil
		}},
		{"unknown size", "AnswersOddAnnouncements", "unknown", func(ctx context.Context, a swarm.Announcement, found func(swarm.Address)) (swarm.Answer, error) {
			if a.Left < 0 {
				time.Sleep(2 * time.Minute)
			}
			return good, nil
		}},
		{"slow to stop", "StoppedWithoutStart", "event stopped", func(ctx context.Context, a swarm.Announcement, found func(swarm.Address)) (swarm.Answer, error) {
			if a.Event == swarm.Stopped {
				time.Sleep(2 * time.Minute)
			}
			return good, nil
		}},
		{"one at a time", "ConcurrentSwarms", "within 1m0s", slowLock()},
		{"goes on", "CanceledMeanwhile", "went on for", func(ctx context.Context, a swarm.Announcement, found func(swarm.Address)) (swarm.Answer, error) {
			time.Sleep(5 * time.Second)
			return good, ctx.Err()
		}},
		{"goes on", "DoneBefore", "went on for", func(ctx context.Context, a swarm.Announcement, found func(swarm.Address)) (swarm.Answer, error) {
			time.Sleep(time.Second)
			return good, ctx.Err()
		}},
		{"goes on", "Deadline", "went on for", func(ctx context.Context, a swarm.Announcement, found func(swarm.Address)) (swarm.Answer, error) {
			time.Sleep(5 * time.Second)
			return good, ctx.Err()
		}},
		{"another error", "CanceledMeanwhile", "does not match", func(ctx context.Context, a swarm.Announcement, found func(swarm.Address)) (swarm.Answer, error) {
			<-ctx.Done()
			return good, errors.New("something")
		}},
		{"goroutine left", "CanceledMeanwhile", "goroutines are left", func(ctx context.Context, a swarm.Announcement, found func(swarm.Address)) (swarm.Answer, error) {
			go time.Sleep(time.Second)
			<-ctx.Done()
			return good, ctx.Err()
		}},
		{"only one call", "UsableAfterCancel", "within 1m0s", onceOnly()},
		{"no second session", "Session", "within 1m0s", oneSession()},
		{"late peers", "SilentAfterwards", "after Announce had returned", func(ctx context.Context, a swarm.Announcement, found func(swarm.Address)) (swarm.Answer, error) {
			go func() {
				time.Sleep(10 * time.Minute)
				found(address)
			}()
			return good, nil
		}},
	}
	for _, test := range tests {
		t.Run(test.clause+"/"+test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				err := check(test.clause, test.source)
				time.Sleep(time.Hour) // until the source has nothing left to do
				if err == nil || !strings.Contains(err.Error(), test.says) {
					t.Errorf("clause %s says %v, want something on %q", test.clause, err, test.says)
				}
			})
		})
	}
}

// check runs one clause, by name.
func check(name string, s swarm.PeerSource) error {
	for _, c := range clauses {
		if c.name == name {
			return c.check(s)
		}
	}
	return nil
}

// onceOnly returns a source that answers nothing after a call was cut short.
func onceOnly() source {
	cut := false
	return func(ctx context.Context, a swarm.Announcement, found func(swarm.Address)) (swarm.Answer, error) {
		if cut {
			time.Sleep(2 * limit)
		}
		<-ctx.Done()
		cut = true
		return swarm.Answer{}, ctx.Err()
	}
}

// oneSession returns a source that answers nothing after Stopped.
func oneSession() source {
	stopped := false
	return func(ctx context.Context, a swarm.Announcement, found func(swarm.Address)) (swarm.Answer, error) {
		if stopped {
			time.Sleep(2 * limit)
		}
		stopped = a.Event == swarm.Stopped
		return swarm.Answer{}, nil
	}
}

// slowLock returns a source that serves one swarm after the other.
func slowLock() source {
	var turn chan struct{}
	var once sync.Once
	return func(ctx context.Context, a swarm.Announcement, found func(swarm.Address)) (swarm.Answer, error) {
		once.Do(func() { turn = make(chan struct{}, 1) }) // in the bubble
		turn <- struct{}{}
		time.Sleep(10 * time.Second)
		<-turn
		return swarm.Answer{Seeds: -1, Leechers: -1}, nil
	}
}
