package wanted

import (
	"fmt"
	"slices"
)

// A Run gives the pieces First to Last, both included, a priority from 0, not wanted, to 7.
type Run struct {
	First, Last int
	Priority    uint8
}

// A RangeError says that a run of pieces, or a priority, is none of the torrent.
type RangeError struct {
	Run    Run
	Pieces int // of the torrent
}

func (e *RangeError) Error() string {
	r := e.Run
	switch {
	case r.First > r.Last:
		return fmt.Sprintf("the range from piece %d to %d is backwards: the first piece must come first", r.First, r.Last)
	case r.First == r.Last && (r.First < 0 || r.Last >= e.Pieces):
		return fmt.Sprintf("piece %d is not there: the torrent has pieces 0 to %d", r.First, e.Pieces-1)
	case r.First < 0 || r.Last >= e.Pieces:
		return fmt.Sprintf("pieces %d to %d are not all there: the torrent has pieces 0 to %d", r.First, r.Last, e.Pieces-1)
	}
	return fmt.Sprintf("priority %d is too high: use 0 to %d", r.Priority, Highest)
}

// Check returns a *RangeError for the first run that is none of a torrent with n pieces; nil
// if there is none.
func Check(runs []Run, n int) error {
	for _, r := range runs {
		if r.First > r.Last || r.First < 0 || r.Last >= n || r.Priority > Highest {
			return &RangeError{r, n}
		}
	}
	return nil
}

// CheckDeadlines returns a *RangeError for the first piece that is none of a torrent with n
// pieces; nil if there is none.
func CheckDeadlines(changes []Deadline, n int) error {
	for _, c := range changes {
		if c.Piece < 0 || c.Piece >= n {
			return &RangeError{Run{First: c.Piece, Last: c.Piece}, n}
		}
	}
	return nil
}

// Flatten returns runs that have the same effect in rising order and that do not overlap, so
// that no piece is changed twice. The time it takes depends on the number of runs, not on
// that of pieces. It changes nothing of runs, and may return it.
func Flatten(runs []Run) []Run {
	if slices.IsSortedFunc(runs, func(a, b Run) int { return a.First - b.First }) && !overlap(runs) {
		return runs
	}
	edges := make([]int, 0, 2*len(runs))
	for _, r := range runs {
		edges = append(edges, r.First, r.Last+1)
	}
	slices.Sort(edges)
	edges = slices.Compact(edges)
	// Section i is the pieces from edges[i] to edges[i+1]-1. The last run that covers a section
	// counts, so they are gone through backwards; next leads past sections that have a run.
	owner := make([]int, len(edges))
	next := make([]int, len(edges)+1)
	for i := range next {
		next[i] = i
	}
	for k, r := range slices.Backward(runs) {
		end, _ := slices.BinarySearch(edges, r.Last+1)
		i, _ := slices.BinarySearch(edges, r.First)
		for i = find(next, i); i < end; i = find(next, i) {
			owner[i] = k + 1
			next[i] = i + 1
		}
	}
	var flat []Run
	for i, k := range owner {
		if k > 0 {
			flat = append(flat, Run{edges[i], edges[i+1] - 1, runs[k-1].Priority})
		}
	}
	return flat
}

// overlap reports whether two runs that follow each other have a piece in common.
func overlap(runs []Run) bool {
	for i := 1; i < len(runs); i++ {
		if runs[i].First <= runs[i-1].Last {
			return true
		}
	}
	return false
}

// find returns the first section from i on that has no run yet.
func find(next []int, i int) int {
	for next[i] != i {
		next[i] = next[next[i]]
		i = next[i]
	}
	return i
}
