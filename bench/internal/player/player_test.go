package player

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// A timed source has each byte at its time: at is called with the number of bytes read so far
// and returns when the next ones are there.
type timed struct {
	began time.Time
	read  int64
	at    func(off int64) time.Duration
}

func (s *timed) Read(ctx context.Context, n int) error {
	s.read += int64(n)
	return wait(ctx, s.began.Add(s.at(s.read)))
}

// second is what the player of the tests plays in a second: ten steps.
const second = 1000

func play(t *testing.T, d time.Duration, bytes int64, at func(off int64) time.Duration) (Result, time.Duration, error) {
	t.Helper()
	began := time.Now()
	s := &timed{began: began, at: at}
	p := Player{Rate: second, Step: 100, Buffer: 2 * time.Second, Limit: time.Minute}
	r, err := p.Play(t.Context(), s, d, bytes)
	return r, time.Since(began), err
}

// plenty is more bytes than any of the tests plays.
const plenty = 1 << 30

func TestNoStall(t *testing.T) {
	for name, at := range map[string]func(off int64) time.Duration{
		"all is there":      func(int64) time.Duration { return 0 },
		"exactly the rate":  func(off int64) time.Duration { return time.Duration(off) * time.Second / second },
		"a pause of a 1.9s": func(off int64) time.Duration { return time.Duration(off/5000) * 1900 * time.Millisecond },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r, took, err := play(t, 10*time.Second, plenty, at)
				require.NoError(t, err)
				require.Zero(t, r)
				require.InDelta(t, 10*time.Second, took, float64(2*time.Second))
			})
		})
	}
}

func TestStalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		// The byte 5,000 is due 5 s after the beginning, and is there after 6 s. So is what follows,
		// up to byte 9,000, which is due after 10 s then, and comes after 13 s.
		r, took, err := play(t, 20*time.Second, plenty, func(off int64) time.Duration {
			switch {
			case off > 9000:
				return 13 * time.Second
			case off > 5000:
				return 6 * time.Second
			}
			return 0
		})
		require.NoError(t, err)
		require.Equal(t, Result{Stalls: 2, Stalled: 4 * time.Second, Longest: 3 * time.Second}, r)
		require.InDelta(t, 20*time.Second, took, float64(2*time.Second))
	})
}

// TestTooSlow has a source that is slower than the player all the time.
func TestTooSlow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, _, err := play(t, 100*time.Second, plenty, func(off int64) time.Duration {
			return time.Duration(off) * 2 * time.Second / second // half the rate
		})
		require.NoError(t, err)
		require.Equal(t, 1, r.Stalls, "it is one long stall")
		require.Equal(t, r.Stalled, r.Longest)
		require.InDelta(t, 50*time.Second, r.Stalled, float64(2*time.Second))
	})
}

func TestWaitsAtTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, took, err := play(t, 10*time.Second, plenty, func(off int64) time.Duration {
			if off > 4000 {
				return time.Hour
			}
			return 0
		})
		require.NoError(t, err)
		require.Equal(t, Result{Stalls: 1, Stalled: 6 * time.Second, Longest: 6 * time.Second}, r)
		require.Equal(t, 10*time.Second, took)
	})
}

func TestEndOfContent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, bytes := range []int64{0, 50, 1000, 3050} {
			s := &timed{began: time.Now(), at: func(int64) time.Duration { return 0 }}
			p := Player{Rate: second, Step: 100, Buffer: 2 * time.Second, Limit: time.Minute}
			r, err := p.Play(t.Context(), s, time.Minute, bytes)
			require.NoError(t, err)
			require.Zero(t, r)
			require.Equal(t, bytes/100*100, s.read)
		}
	})
}

func TestErrors(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, took, err := play(t, time.Second, plenty, func(off int64) time.Duration { return time.Duration(off) * time.Second })
		require.ErrorContains(t, err, "did not begin to play within 1m0s: 0 of 20 steps")
		require.Equal(t, time.Minute, took)

		broken := errors.New("the disk is gone")
		p := Player{Rate: second, Step: 100, Limit: time.Minute}
		_, err = p.Play(t.Context(), failing{broken}, time.Second, plenty)
		require.ErrorIs(t, err, broken)
		p.Buffer = time.Second
		_, err = p.Play(t.Context(), failing{broken}, time.Second, plenty)
		require.ErrorIs(t, err, broken)

		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(3*time.Second, cancel)
		_, err = p.Play(ctx, &timed{began: time.Now(), at: func(int64) time.Duration { return 0 }}, time.Minute, plenty)
		require.ErrorIs(t, err, context.Canceled)
	})
}

type failing struct{ err error }

func (f failing) Read(context.Context, int) error { return f.err }

func TestResultsAdd(t *testing.T) {
	r := Result{Stalls: 1, Stalled: 3 * time.Second, Longest: 3 * time.Second}
	r.Add(Result{Stalls: 2, Stalled: 2 * time.Second, Longest: time.Second})
	require.Equal(t, Result{Stalls: 3, Stalled: 5 * time.Second, Longest: 3 * time.Second}, r)
}
