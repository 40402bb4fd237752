package main

import (
	"fmt"
	"io"
	"time"

	"github.com/shoal-bt/shoal/piecepicker"
	"github.com/shoal-bt/shoal/swarm"
	"github.com/shoal-bt/shoal/swarmsim"
)

// compare simulates a swarm of 20 peers that come at once and a seed as fast as each of them, with
// one of the own parts at a time, and prints how it went. The same numbers come each time.
func compare(out io.Writer) error {
	g := swarm.Geometry{Length: 8 << 20, PieceLength: 256 << 10}
	for _, c := range []struct {
		name string
		edit func(s *swarmsim.Sim)
	}{
		{"none", func(*swarmsim.Sim) {}},
		{"order", eachPicks(func(g swarm.Geometry, seed uint64) swarm.Picker {
			return piecepicker.Mix(g, new(backwards), piecepicker.Config{Seed: seed})
		})},
		{"queue", eachPicks(func(g swarm.Geometry, seed uint64) swarm.Picker {
			return piecepicker.NewRarest(g, piecepicker.Config{Seed: seed, Queue: rareFirst{}})
		})},
		{"revealer", func(s *swarmsim.Sim) { s.Peers[0].Config.NewRevealer = newFewAtATime }},
	} {
		s := swarmsim.Sim{Seed: 1, Geometry: g, Limit: time.Hour, Peers: make([]swarmsim.Peer, 21)}
		s.Peers[0].Seed = true
		c.edit(&s)
		r, err := s.Run()
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "own %-9s first %.1f s, last %.1f s of at least %.1f s; the seed sent %.2f copies until nothing was missing\n",
			c.name+":", r.First.Seconds(), r.Last.Seconds(), r.BoundAll.Seconds(), r.Seeds[0].CopiesThen)
	}
	return nil
}

// eachPicks gives all peers a picker.
func eachPicks(newPicker func(swarm.Geometry, uint64) swarm.Picker) func(*swarmsim.Sim) {
	return func(s *swarmsim.Sim) {
		for i := range s.Peers {
			s.Peers[i].NewPicker = newPicker
		}
	}
}
