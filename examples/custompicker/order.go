package main

import "github.com/shoal-bt/shoal/piecepicker"

// backwards is an order: it begins the last of the most wanted pieces first. It is the first of
// the three classes.
type backwards struct {
	board *piecepicker.Board
	in    []bool // by piece
}

func (o *backwards) Start(b *piecepicker.Board) { o.board, o.in = b, make([]bool, b.Pieces()) }
func (o *backwards) Add(piece int)              { o.in[piece] = true }
func (o *backwards) Remove(piece int)           { o.in[piece] = false }
func (o *backwards) Moved(int, int)             {} // how rare a piece is does not matter

func (o *backwards) Next(has *piecepicker.Set) (best int, ok bool) {
	for i := len(o.in) - 1; i >= 0; i-- {
		if o.in[i] && has.Has(i) && (!ok || o.board.Priority(i) > o.board.Priority(best)) {
			best, ok = i, true
		}
	}
	return best, ok
}
