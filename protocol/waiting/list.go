// Package waiting keeps the calls that wait until pieces are held.
//
// In come calls, each with a ticket; out come their answers, when the caller says what is
// over. A [List] is a value that one goroutine owns.
package waiting

import (
	"slices"

	"github.com/shoal-bt/shoal/protocol/effect"
)

// A List is the calls that wait. The zero List is empty.
type List []call

// A call waits until a piece is held.
type call struct {
	ticket effect.Ticket
	piece  int // negative for all, and for the sync that follows
}

// Add adds a call that waits for a piece; for all and for the sync that follows if piece is
// negative.
func (l *List) Add(t effect.Ticket, piece int) { *l = append(*l, call{t, piece}) }

// Forget says that nobody waits with a ticket any more.
func (l *List) Forget(t effect.Ticket) {
	*l = slices.DeleteFunc(*l, func(c call) bool { return c.ticket == t })
}

// Take removes the calls that are over and returns the answers to them. over says of what a
// call waits for whether it is, and with what error.
func (l *List) Take(over func(piece int) (bool, error)) (all []effect.Answer) {
	*l = slices.DeleteFunc(*l, func(c call) bool {
		isOver, err := over(c.piece)
		if isOver {
			all = append(all, effect.Answer{Ticket: c.ticket, Err: err})
		}
		return isOver
	})
	return all
}
