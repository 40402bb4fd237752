package fetch

import (
	"time"

	"github.com/shoal-bt/shoal/peerwire"
	"github.com/shoal-bt/shoal/swarm"
)

// notePieces notes whether a message says that the peer has pieces of the torrent.
func (s *State) notePieces(p *peer, m peerwire.Message) {
	isFirst := !p.hasPieces
	switch m.Kind {
	case peerwire.HaveAll, peerwire.Have:
		p.hasPieces = true
	case peerwire.Bitfield:
		p.hasPieces = p.hasPieces || swarm.Bitfield(m.Data).Count() > 0
	}
	s.changed = s.changed || (isFirst && p.hasPieces)
}

// sayInterested tells the peers that have pieces that we are interested
// (https://www.bittorrent.org/beps/bep_0003.html#peer-protocol) when no piece of the metadata is
// left to request. Then the unchoke comes as soon as the metadata, and no peer keeps an upload
// slot for us while the fetch takes long. Of a torrent of which we have nothing every piece is
// wanted, so the metadata is not needed to say so.
func (s *State) sayInterested(now time.Time) {
	if !s.config.Interested || !s.hasRequestedAll() {
		return
	}
	for _, p := range s.order {
		if p.hasPieces && !p.interested {
			p.interested = true
			p.send(now, peerwire.Message{Kind: peerwire.Interested})
		}
	}
}

// hasRequestedAll reports whether an attempt has, or has requested, each piece.
func (s *State) hasRequestedAll() bool {
	for _, a := range s.active() {
		asked, piece, count := a.asked(), a.low, pieceCount(a.group.size)
		for piece < count && (a.has(piece) || len(asked[piece]) > 0) {
			piece++
		}
		if piece == count {
			return true
		}
	}
	return false
}

// Interested reports whether a connected peer heard that we are interested.
func (s *State) Interested(id swarm.Peer) bool {
	p := s.peers[id]
	return p != nil && p.interested
}
