package fetch

import (
	"bytes"
	"crypto/sha1"
	"crypto/sha256"
	"time"
)

// check compares an attempt that is complete with the hashes. If it does not fit and one
// peer sent all of it, that peer is banned. If several did, one of them lied or made a
// mistake, and each is asked for all of it alone.
func (s *State) check(now time.Time, a *attempt) {
	v1, v2 := sha1.New(), sha256.New()
	for _, piece := range a.pieces {
		v1.Write(piece)
		v2.Write(piece)
	}
	hasV1, hasV2 := s.config.HashV1 != [20]byte{}, s.config.HashV2 != [32]byte{}
	fitsV1 := hasV1 && bytes.Equal(v1.Sum(nil), s.config.HashV1[:])
	fitsV2 := hasV2 && bytes.Equal(v2.Sum(nil), s.config.HashV2[:])
	switch {
	case fitsV1 == hasV1 && fitsV2 == hasV2:
		s.final = s.Progress()
		s.groups = nil // what others sent is not needed while the pieces are copied
		s.info = bytes.Join(a.pieces, nil)
		return
	case fitsV1 || fitsV2:
		s.err = ErrTwoTorrents // nobody can make bytes that fit a hash, so no peer is to blame
		return
	}
	senders := a.senders
	a.clear()
	if len(senders) > 1 {
		a.stop()
		a.group.failedAt = now
		return
	}
	for id, addr := range senders {
		p := s.peers[id]
		if p == nil { // it has left
			s.closes = append(s.closes, Close{Peer: id, Addr: addr, Why: errWrongMetadata, End: endOf(errWrongMetadata), Ban: true})
			continue
		}
		s.closePeer(now, p, errWrongMetadata)
	}
}
