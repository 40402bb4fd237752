package fetch

// A Progress is how far a fetch is.
type Progress struct {
	Peers  int // that are connected
	Pieces int // of metadata that have arrived; after a wrong whole it begins again
	Total  int // pieces of metadata, as most peers say; 0 if none has said
	Size   int // of the metadata in bytes, as most peers say; 0 if none has said

	// Refused is the size in bytes that peers name if it is above the limit; 0 if a size
	// within the limit is named, or none.
	Refused int
}

// Progress returns how far the fetch is: of the group with most peers, the attempt that has
// most pieces.
func (s *State) Progress() Progress {
	if s.info != nil {
		return s.final
	}
	p := Progress{Peers: len(s.order)}
	if !s.oversizeSince.IsZero() {
		p.Refused = s.refusedSize
	}
	g := s.largest()
	if g == nil {
		return p
	}
	p.Size, p.Total, p.Pieces = g.size, pieceCount(g.size), g.shared.got
	for _, o := range g.peers {
		p.Pieces = max(p.Pieces, o.single.got)
	}
	return p
}
