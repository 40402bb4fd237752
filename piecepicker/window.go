package piecepicker

// A window holds a cell for each of a run of keys, which may slide and grow. It
// is made anew only after a key left it by a distance that grows with the run,
// so the cost of that is spread over many calls.
type window[T any] struct {
	low   int32 // key of the first cell
	cells []T
}

// peek returns the cell of key, or nil if it was never used.
func (w *window[T]) peek(key int32) *T {
	i := int(key - w.low)
	if i < 0 || i >= len(w.cells) {
		return nil
	}
	return &w.cells[i]
}

// at returns the cell of key, and makes room for it. A cell for which used says
// no may be dropped for that.
func (w *window[T]) at(key int32, used func(*T) bool) *T {
	if c := w.peek(key); c != nil {
		return c
	}
	low, high := key, key
	for i := range w.cells {
		if used(&w.cells[i]) {
			k := w.low + int32(i)
			if k-low < 0 {
				low = k
			}
			if k-high > 0 {
				high = k
			}
		}
	}
	span := high - low + 1
	slack := span/2 + 2
	old := *w
	w.low = low - slack
	w.cells = make([]T, span+2*slack)
	for i := range old.cells {
		if used(&old.cells[i]) {
			w.cells[old.low+int32(i)-w.low] = old.cells[i]
		}
	}
	return w.peek(key)
}
