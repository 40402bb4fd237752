package storage

import "time"

const (
	// SampleInterval is how long a sample stays the same if there are more hashes.
	SampleInterval = 15 * time.Minute

	maxSamples = 20 // hashes; an answer must fit into a datagram beside nodes
)

// Sample returns up to 20 hashes of swarms, 20 bytes each, and how many there are. The
// sample is the same for 15 minutes, so asking again soon brings nothing
// (https://www.bittorrent.org/beps/bep_0051.html). It must not be changed.
func (p *Peers) Sample(now time.Time) (samples []byte, swarms int) {
	isFresh := p.samples != nil && now.Sub(p.sampledAt) < SampleInterval
	if isFresh && (len(p.samples) == maxSamples*20 || len(p.samples) == len(p.swarms)*20) {
		return p.samples, len(p.swarms)
	}
	p.samples, p.sampledAt = []byte{}, now
	for hash := range p.swarms { // in an order of chance
		if len(p.samples) == maxSamples*20 {
			break
		}
		p.samples = append(p.samples, hash[:]...)
	}
	return p.samples, len(p.swarms)
}
