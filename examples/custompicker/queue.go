package main

import "github.com/shoal-bt/shoal/piecepicker"

// rareFirst is a queue: of the pieces that are begun it continues the one that the fewest peers
// have, because these may leave. It is the second of the three classes.
type rareFirst struct{}

// Before prefers the rarer piece, and of equals the one that was begun earlier.
func (rareFirst) Before(a, b piecepicker.Partial) bool {
	if a.Availability != b.Availability {
		return a.Availability < b.Availability
	}
	return a.Begun < b.Begun
}
