package storage

import (
	"math/rand/v2"
	"time"

	"github.com/shoal-bt/shoal/dht/nodeid"
)

const (
	// SampleInterval is how long a sample stays the same if there are more hashes.
	SampleInterval = 15 * time.Minute

	maxSamples = 20 // hashes; an answer must fit into a datagram beside nodes
)

// Sample returns up to 20 hashes of swarms, 20 bytes each, chosen by chance, and how many
// there are. The sample is the same for 15 minutes, so asking again soon brings nothing
// (https://www.bittorrent.org/beps/bep_0051.html). It must not be changed.
func (p *Peers) Sample(now time.Time, random *rand.Rand) (samples []byte, swarms int) {
	isFresh := p.samples != nil && now.Sub(p.sampledAt) < SampleInterval
	if isFresh && (len(p.samples) == maxSamples*20 || len(p.samples) == len(p.swarms)*20) {
		return p.samples, len(p.swarms)
	}
	all := farthestFirst(nodeid.ID{}, p.swarms) // sorted: chance must not depend on the order of a map
	p.samples, p.sampledAt = []byte{}, now
	for i := range min(maxSamples, len(all)) {
		j := i + random.IntN(len(all)-i)
		all[i], all[j] = all[j], all[i]
		p.samples = append(p.samples, all[i][:]...)
	}
	return p.samples, len(p.swarms)
}
