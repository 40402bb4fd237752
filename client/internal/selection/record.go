package selection

import "github.com/shoal-bt/shoal/resume"

// Record returns what a record keeps of the selection. The slices are the caller's.
func (s *Selection) Record() resume.Selection {
	r := resume.Selection{Files: make([]uint8, len(s.files)), FirstLast: s.firstLast}
	for i, f := range s.files {
		r.Files[i] = f.priority
	}
	for i, p := range s.byRange {
		n := len(r.Pieces)
		switch {
		case p == unset:
		case n > 0 && r.Pieces[n-1].Last == i-1 && r.Pieces[n-1].Priority == p:
			r.Pieces[n-1].Last = i
		default:
			r.Pieces = append(r.Pieces, resume.PriorityRun{First: i, Last: i, Priority: p})
		}
	}
	return r
}

// Restore sets what a record says, to a selection that is new. The error is a *RangeError if the
// record is of another torrent; the selection is then undefined.
func (s *Selection) Restore(r resume.Selection) error {
	if r.Files != nil {
		priorities := make([]int, len(r.Files))
		for i, p := range r.Files {
			priorities[i] = int(p)
		}
		if _, err := s.SetFiles(priorities); err != nil {
			return err
		}
	}
	for _, p := range r.Pieces {
		if _, err := s.SetPieces(p.First, p.Last, int(p.Priority)); err != nil {
			return err
		}
	}
	s.SetFirstLast(r.FirstLast)
	for piece := range r.Deadlines {
		if _, err := s.Want(piece); err != nil {
			return err
		}
	}
	return nil
}

// WithPads returns priorities for SetFiles of those of the files that are no pads, in the order of
// the torrent. The error is a *RangeError.
func (s *Selection) WithPads(priorities []int) ([]int, error) {
	all, n := make([]int, len(s.files)), 0
	for i, f := range s.files {
		switch {
		case f.isPad:
			all[i] = AsIs
			continue
		case n < len(priorities):
			all[i] = priorities[n]
		}
		n++
	}
	if n != len(priorities) {
		return nil, &RangeError{What: "number of priorities", Value: len(priorities), Min: n, Max: n}
	}
	return all, nil
}
