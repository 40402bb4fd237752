package swarmsim

import "time"

// Bounds returns what no protocol can beat, from the start of the simulation: before
// first nobody has everything, and before all not every honest peer has. They are never
// (the greatest time.Duration) if the uplinks cannot send that much.
//
// With content F, a seed of up-rate S and N equal peers of up-rate U and down-rate D that
// come together these are max(F/S, F/D) and N·F/(S + N·U). Here arrivals, departures,
// unequal links, and what each peer wants count as well. What peers that are not honest need is left out, and what
// they give is not: all but free riders and stallers send right blocks too.
func (s Sim) Bounds() (first, all time.Duration) {
	var seeds, givers []Peer
	for _, p := range s.Peers {
		p = p.withDefaults()
		givers = append(givers, p)
		if p.Seed || p.Kind.claimsAll() {
			seeds = append(seeds, p)
		}
	}
	first, demand, downloads := never, 0.0, 0
	for _, p := range givers {
		if p.Seed || p.Kind != Honest {
			continue
		}
		downloads++
		wanted := float64(s.wanted(&p))
		once := timeToSend(wanted, seeds)
		received := p.Arrive + seconds(wanted/float64(p.Link.Down))
		first = min(first, max(received, once))
		if p.Leave == 0 {
			demand += wanted
			all = max(all, received, once)
		}
	}
	if downloads == 0 {
		return 0, 0
	}
	return first, max(all, timeToSend(demand, givers))
}

// wanted returns how many bytes a peer wants.
func (s *Sim) wanted(p *Peer) (n int64) {
	if p.Priorities == nil {
		return s.Geometry.Length
	}
	for i, priority := range p.Priorities {
		if priority > 0 {
			n += int64(s.Geometry.PieceLen(i))
		}
	}
	return n
}

// useful returns the greatest rate at which a peer sends right blocks, in bytes per second.
func (p *Peer) useful() float64 {
	switch p.Kind {
	case FreeRider, Staller:
		return 0
	case WrongBytes:
		return float64(p.Link.Up) * (1 - p.WrongShare)
	}
	return float64(p.Link.Up)
}

// timeToSend returns when peers can have sent a number of bytes at the earliest.
func timeToSend(bytes float64, peers []Peer) time.Duration {
	low, high := time.Duration(0), time.Second
	for sendable(high, peers) < bytes {
		if high > never/4 {
			return never
		}
		high *= 2
	}
	for high-low > time.Millisecond {
		middle := (low + high) / 2
		if sendable(middle, peers) < bytes {
			low = middle
		} else {
			high = middle
		}
	}
	return high
}

// sendable returns the bytes that peers can send before a time.
func sendable(before time.Duration, peers []Peer) (bytes float64) {
	for _, p := range peers {
		stays := before - p.Arrive
		if p.Leave > 0 {
			stays = min(stays, p.Leave)
		}
		bytes += p.useful() * max(0, stays.Seconds())
	}
	return bytes
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }
