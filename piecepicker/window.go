package piecepicker

// A window holds a cell for each key of a range, which may move and grow. It is copied
// only when a key is outside the range and its slack, which grows with the range, so the
// cost of copying is spread over many calls.
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

// at returns the cell of key, and makes room for it. To make room it may drop cells for
// which used returns false.
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
