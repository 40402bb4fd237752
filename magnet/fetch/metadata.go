package fetch

import (
	"slices"
	"time"

	"github.com/shoal-bt/shoal/peerwire"
	"github.com/shoal-bt/shoal/protocol/allowance"
)

const (
	requestUnits = 4 // of the allowance, for a request that we reject

	// A peer that rejects a request is not asked for rejectWait, and for twice as long
	// each further time, up to maxRejectWait.
	rejectWait    = 30 * time.Second
	maxRejectWait = 10 * time.Minute
)

// A request is for a piece of metadata.
type request struct {
	piece     int
	at        time.Time // when it was sent last
	late      bool      // others are asked as well
	forgotten bool      // it may be sent again; an answer may still come
	answers   int       // that may come, one for each time it was sent
}

// openAt returns the index of the request for a piece that may still be answered; -1 if
// there is none.
func (p *peer) openAt(piece int) int {
	return slices.IndexFunc(p.open, func(r request) bool { return r.piece == piece })
}

// mayAsk reports whether a request for a piece may be sent: none is open, or it was forgotten.
func (p *peer) mayAsk(piece int) bool {
	i := p.openAt(piece)
	return i < 0 || p.open[i].forgotten
}

// answer notes that an answer to request i has come. One that was sent twice may have
// another.
func (p *peer) answer(i int) {
	r := &p.open[i]
	r.answers--
	if r.answers == 0 {
		p.open = slices.Delete(p.open, i, i+1)
		return
	}
	r.late, r.forgotten = true, true
}

// receiveMetadata reads a message of ut_metadata. A message of an unknown type is ignored
// (https://www.bittorrent.org/beps/bep_0009.html#extension-message).
func (s *State) receiveMetadata(now time.Time, p *peer, body []byte) error {
	m, err := peerwire.ParseMetadata(body)
	if err != nil {
		return err
	}
	switch m.Type {
	case peerwire.MetadataRequest:
		s.rejectRequest(now, p, m.Piece)
	case peerwire.MetadataData:
		return s.receiveData(now, p, m)
	case peerwire.MetadataReject:
		s.receiveReject(now, p, m.Piece)
	default:
		p.allowance.Spend(1 + len(body)/allowance.BytesPerUnit)
	}
	return nil
}

// rejectRequest answers a peer that wants the metadata from us
// (https://www.bittorrent.org/beps/bep_0009.html#request: who does not have all of it must
// reject).
func (s *State) rejectRequest(now time.Time, p *peer, piece int) {
	p.allowance.Spend(requestUnits)
	if p.number == 0 {
		return
	}
	p.sendMetadata(now, peerwire.MetadataMessage{Type: peerwire.MetadataReject, Piece: piece})
}

// sendMetadata sends a message of ut_metadata.
func (p *peer) sendMetadata(now time.Time, m peerwire.MetadataMessage) {
	p.send(now, peerwire.Message{Kind: peerwire.Extended, ExtID: p.number, Data: m.AppendTo(nil)})
}

// receiveData takes a piece in. It must be the answer to a request, have the length that
// follows from the size (https://www.bittorrent.org/beps/bep_0009.html#data), and name no
// other size.
func (s *State) receiveData(now time.Time, p *peer, m peerwire.MetadataMessage) error {
	i := p.openAt(m.Piece)
	switch {
	case i < 0:
		return errUnasked
	case m.TotalSize != 0 && m.TotalSize != p.size:
		return errSizeChanged
	case len(m.Data) != pieceLen(p.size, m.Piece):
		return errLength
	}
	s.changed = true
	p.answered(now, now.Sub(p.open[i].at))
	p.answer(i)
	p.rejects, p.stalls, p.asksAt = 0, 0, time.Time{}
	a := p.attempt()
	if a == nil || !a.active || a.has(m.Piece) {
		return nil
	}
	a.put(p, m.Piece, m.Data)
	if a.complete() {
		s.check(now, a)
	}
	return nil
}

// receiveReject notes that a peer does not send a piece. It may have the metadata later,
// so it is asked again, but rarely
// (https://www.bittorrent.org/beps/bep_0009.html#reject).
func (s *State) receiveReject(now time.Time, p *peer, piece int) {
	i := p.openAt(piece)
	if i < 0 {
		p.allowance.Spend(requestUnits)
		return
	}
	s.changed = true
	p.answer(i)
	if now.Before(p.asksAt) {
		return // it rejects several requests of the same time
	}
	wait := min(rejectWait<<min(p.rejects, 10), maxRejectWait)
	p.rejects++
	p.asksAt = now.Add(wait)
	s.tickBy(p.asksAt)
}

// pieceLen returns the length in bytes of a piece of metadata that has size bytes; 0 or
// less if there is no such piece.
func pieceLen(size, piece int) int {
	return min(size-piece*peerwire.MetadataPieceLen, peerwire.MetadataPieceLen)
}

// pieceCount returns the number of pieces of size bytes.
func pieceCount(size int) int {
	return (size + peerwire.MetadataPieceLen - 1) / peerwire.MetadataPieceLen
}
