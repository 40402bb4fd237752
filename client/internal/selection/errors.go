package selection

import "fmt"

// A RangeError says that a priority, a file or a piece is none of the torrent.
type RangeError struct {
	What     string // such as "priority"
	Value    int    // that was given
	Min, Max int    // that there are
	Backward int    // the first piece of a range that ends before it, whose last is Value; else 0
}

// Error says what may be given.
func (e *RangeError) Error() string {
	switch {
	case e.Backward > 0:
		return fmt.Sprintf("the range from piece %d to %d is backwards: name its first piece first", e.Backward, e.Value)
	case e.Max < e.Min:
		return fmt.Sprintf("%s %d: the torrent has none", e.What, e.Value)
	case e.Min == e.Max:
		return fmt.Sprintf("%s %d: must be %d", e.What, e.Value, e.Max)
	}
	return fmt.Sprintf("%s %d: must be from %d to %d", e.What, e.Value, e.Min, e.Max)
}

func checkPriority(p int) error { return checkIndex("priority", p, Highest+1) }

func checkIndex(what string, i, n int) error {
	if i < 0 || i >= n {
		return &RangeError{What: what, Value: i, Max: n - 1}
	}
	return nil
}

func checkRun(first, last, n int) error {
	if err := checkIndex("piece", first, n); err != nil {
		return err
	}
	if last < first {
		return &RangeError{What: "piece", Value: last, Min: first, Max: n - 1, Backward: first}
	}
	return checkIndex("piece", last, n)
}
