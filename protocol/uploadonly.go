package protocol

// A torrent that downloads nothing, though pieces are missing, is a partial seed
// (https://www.bittorrent.org/beps/bep_0021.html): it only uploads, or the missing pieces are
// not wanted. It tells peers and sources.

// wantsNothing reports whether we download nothing: every piece that is wanted is held, or
// the torrent only uploads.
func (s *State) wantsNothing() bool { return s.uploadOnly || s.finished() }

// isPartialSeed reports whether we download nothing, and pieces are missing.
func (s *State) isPartialSeed() bool { return s.isDone() && !s.complete() }

// keepsSeeds reports whether somebody reads, perhaps pieces that nobody else wants, and wants more of them
// in a moment: until that ends we stay connected to seeds, and interested in them.
func (s *State) keepsSeeds() bool { return s.seek.IsReading() && !s.complete() && !s.uploadOnly }

// isDone reports whether we download nothing, and will not in a moment.
func (s *State) isDone() bool { return s.wantsNothing() && !s.keepsSeeds() }

// isUseless reports whether neither side of a connection downloads anything.
func (s *State) isUseless(p *peer) bool { return s.isDone() && p.WantsNothing(s.n) }
