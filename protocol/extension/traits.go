package extension

import "github.com/shoal-bt/shoal/swarm"

// Traits are what other peers may know of a peer.
type Traits struct {
	Encrypts  bool // it prefers encrypted connections
	Seed      bool // it downloads nothing
	Holepunch bool // it understands ut_holepunch
	Reachable bool // we dialed it
}

// Flags returns the traits as flags of a swarm.Address
// (https://www.bittorrent.org/beps/bep_0011.html, "protocol extension").
func (t Traits) Flags() (flags uint8) {
	for _, f := range [...]struct {
		flag uint8
		is   bool
	}{
		{swarm.Encrypts, t.Encrypts},
		{swarm.Seed, t.Seed},
		{swarm.Holepunch, t.Holepunch},
		{swarm.Reachable, t.Reachable},
	} {
		if f.is {
			flags |= f.flag
		}
	}
	return flags
}
