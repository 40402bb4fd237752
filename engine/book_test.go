package engine

import "fmt"

// contacts are what holds of the addresses at any time.
func (w *world) contacts() error {
	b := &w.s.book
	busy := 0
	for _, c := range b.order {
		switch {
		case b.known[c.addr] != c:
			return fmt.Errorf("%v is in the book, and not known", c.addr)
		case c.dialing && c.connected:
			return fmt.Errorf("%v is connected and being dialed", c.addr)
		case b.banned(c.addr.Addr()) && !c.dialing:
			return fmt.Errorf("%v is banned and in the book", c.addr)
		case c.swarms&(1<<c.swarm) == 0:
			return fmt.Errorf("%v is in the swarms %b, and to be dialed in %d", c.addr, c.swarms, c.swarm)
		}
		if c.dialing {
			busy++
		}
	}
	if busy != b.dialing || len(b.known) != len(b.order) {
		return fmt.Errorf("%d of %d addresses are being dialed, %d of %d counted", busy, len(b.order), b.dialing, len(b.known))
	}
	return nil
}
