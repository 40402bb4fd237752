package swarmsim

import (
	"strings"
	"testing"
	"time"

	"github.com/shoal-bt/shoal/swarm"
)

// FuzzSim runs small swarms: each ends, nobody is faster than the bound, and each honest
// peer has everything or a reason that is not ours. The same swarm again has the same
// hash.
func FuzzSim(f *testing.F) {
	f.Add(uint64(1), []byte{20, 3, 0, 0, 0, 1, 2, 3, 2, 9, 9, 9})
	f.Add(uint64(2), []byte{5, 0, 3, 1, 0, 4, 1, 0, 5, 2, 7, 6, 0, 0, 0})
	f.Add(uint64(3), []byte{60, 2, 1, 40, 1, 0, 0, 0, 8, 200, 3})
	f.Add(uint64(1<<63), []byte{20, 3, 0, 0, 0, 1, 2, 3, 2, 0, 9, 9})
	f.Fuzz(func(t *testing.T, seed uint64, b []byte) {
		s := fuzzedSim(seed, b)
		r, err := s.Run()
		if err != nil {
			t.Skip(err)
		}
		for i, p := range r.Peers {
			if p.Kind != Honest {
				continue
			}
			if strings.Contains(p.Reason, "the time was over") {
				t.Fatalf("peer %d of %+v: %s", i, s, p.Reason)
			}
			if p.BannedBy > 0 {
				t.Fatalf("peer %d of %+v is honest and was banned", i, s)
			}
			if !p.Seed && p.Completed >= 0 && p.Completed < r.BoundFirst {
				t.Fatalf("peer %d of %+v was complete after %v, before %v", i, s, p.Completed, r.BoundFirst)
			}
		}
		again, err := s.Run()
		if err != nil || again.Hash != r.Hash || again.Messages != r.Messages {
			t.Fatalf("%+v differs the second time: %v", s, err)
		}
	})
}

// fuzzedSim makes a swarm of one seed that stays and of up to eight other peers, three
// bytes each. They meet by the tracker, or all know the seed.
func fuzzedSim(seed uint64, b []byte) Sim {
	next := func() (x int) {
		if len(b) > 0 {
			x, b = int(b[0]), b[1:]
		}
		return x
	}
	s := Sim{Seed: seed, Limit: time.Hour}
	if seed>>63 == 1 {
		s.MaxFound = -1
	}
	s.Geometry = swarm.Geometry{PieceLength: 10_000 + 6_384*int64(next()%6)}
	s.Geometry.Length = s.Geometry.PieceLength*int64(next()%40) + 1 + int64(next())
	s.Peers = append(s.Peers, Peer{Seed: true})
	for len(b) > 0 && len(s.Peers) < 9 {
		p := Peer{Kind: Kind(next() % int(lastKind+1))}
		x, y := next(), next()
		p.Link = Link{Up: 20_000 << (x % 8), Delay: time.Duration(y) * time.Millisecond}
		p.Arrive = time.Duration(x) * 20 * time.Millisecond
		p.Config.UploadSlots = 1 + y%5
		switch y % 7 {
		case 1:
			p.Leave = time.Duration(x) * 50 * time.Millisecond
		case 2:
			p.Linger = time.Duration(x) * 50 * time.Millisecond
		case 3:
			p.Link.Lifetime = 5 * time.Second
		case 4:
			p.Memory = 40 << 14
		case 5:
			p.WrongShare = 0.3
		}
		if s.MaxFound < 0 {
			p.Knows = []int{0}
		}
		s.Peers = append(s.Peers, p)
	}
	return s
}
