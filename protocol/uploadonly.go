package protocol

// A torrent that wants nothing, though pieces are missing, is a partial seed
// (https://www.bittorrent.org/beps/bep_0021.html). It requests nothing and writes nothing,
// and tells peers and sources.

// wantsNothing reports whether we download nothing: every piece is held, or the torrent
// only uploads.
func (s *State) wantsNothing() bool { return s.uploadOnly || s.complete() }

// isPartialSeed reports whether the torrent only uploads, and pieces are missing.
func (s *State) isPartialSeed() bool { return s.uploadOnly && !s.complete() }

// wantsNothing reports whether a peer downloads nothing, of a torrent with n pieces.
func (p *peer) wantsNothing(n int) bool { return p.uploadOnly || p.has.All(n) }

// isUseless reports whether neither side of a connection downloads anything.
func (s *State) isUseless(p *peer) bool { return s.wantsNothing() && p.wantsNothing(s.n) }
