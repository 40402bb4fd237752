package piecepicker

import (
	"testing"
	"time"

	"github.com/shoal-bt/shoal/swarm"
	"github.com/stretchr/testify/require"
)

// A sender is a peer that sends the requested blocks in order, one in each interval. It
// has requests for one second.
type sender struct {
	id       swarm.Peer
	interval time.Duration
	queue    []swarm.Block
	next     time.Time
}

func (s *sender) depth() int { return int(time.Second/s.interval) + 1 }

// download simulates a download from senders, and returns how long it took and how many
// blocks arrived twice.
func download(t *testing.T, g swarm.Geometry, p *Picker, senders []*sender) (took time.Duration, wasted int) {
	t.Helper()
	missing := make([]int, g.Pieces())
	left := g.Pieces()
	for i := range missing {
		missing[i] = g.BlockCount(i)
	}
	full := swarm.NewBitfield(g.Pieces())
	full.SetAll(g.Pieces())
	byID := make(map[swarm.Peer]*sender)
	now := start
	for _, s := range senders {
		p.Join(s.id, full)
		byID[s.id] = s
		s.next = now.Add(s.interval)
	}
	fill := func(s *sender) {
		was := len(s.queue)
		s.queue = p.Pick(s.queue, swarm.Ask{
			Peer: s.id, MaxBlocks: s.depth() - was, MaxNewPieces: 4, Now: now, Delay: time.Duration(was+1) * s.interval,
		})
		if was == 0 {
			s.next = now.Add(s.interval)
		}
	}
	for left > 0 {
		var first *sender
		for _, s := range senders {
			fill(s)
			if len(s.queue) > 0 && (first == nil || s.next.Before(first.next)) {
				first = s
			}
		}
		require.NotNil(t, first, "no request is open, with %d pieces left", left)
		b := first.queue[0]
		first.queue = first.queue[1:]
		now = first.next
		first.next = now.Add(first.interval)
		losers, ok := p.Arrive(nil, first.id, b)
		if !ok {
			wasted++
			continue
		}
		for _, id := range losers {
			s := byID[id]
			for i, other := range s.queue {
				// The block that it is sending cannot be canceled.
				if other == b && i > 0 {
					s.queue = append(s.queue[:i], s.queue[i+1:]...)
					break
				}
			}
		}
		if missing[b.Piece]--; missing[b.Piece] == 0 {
			p.Held(b.Piece)
			left--
		}
	}
	return now.Sub(start), wasted
}

// Slow peers do not delay the end of a download, and few blocks arrive twice.
func TestSlowPeersDoNotDelayTheEnd(t *testing.T) {
	for name, intervals := range map[string][]time.Duration{
		"alike":       {10 * time.Millisecond, 10 * time.Millisecond, 10 * time.Millisecond, 10 * time.Millisecond},
		"one is slow": {10 * time.Millisecond, 10 * time.Millisecond, 10 * time.Millisecond, 5 * time.Second},
		"one is fast": {time.Millisecond, 300 * time.Millisecond, 300 * time.Millisecond, 300 * time.Millisecond, 300 * time.Millisecond},
		"all differ":  {2 * time.Millisecond, 5 * time.Millisecond, 20 * time.Millisecond, 100 * time.Millisecond, time.Second, 20 * time.Second},
		"many alike":  {20e6, 20e6, 20e6, 20e6, 20e6, 20e6, 20e6, 20e6, 20e6, 20e6, 20e6, 20e6, 20e6, 20e6, 20e6, 20e6, 20e6, 20e6, 20e6, 20e6},
		"only one":    {10 * time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			g := blocks(200, 16)
			var senders []*sender
			rate := 0.0
			for i, interval := range intervals {
				senders = append(senders, &sender{id: swarm.Peer(i), interval: interval})
				rate += 1 / interval.Seconds()
			}
			took, wasted := download(t, g, New(g), senders)
			ideal := time.Duration(200 * 16 / rate * float64(time.Second))
			t.Logf("took %v, at best %v; %d of %d blocks arrived twice", took, ideal, wasted, 200*16)
			require.LessOrEqual(t, took, ideal+ideal/50+200*time.Millisecond)
			require.LessOrEqual(t, wasted, 200*16/50)
		})
	}
}
