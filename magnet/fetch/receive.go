package fetch

import (
	"time"

	"github.com/shoal-bt/shoal/peerwire"
	"github.com/shoal-bt/shoal/protocol/allowance"
	"github.com/shoal-bt/shoal/swarm"
)

// Receive takes a message in that a peer sent after the handshake. m may point into a
// buffer, which is the caller's again when Receive returns.
func (s *State) Receive(now time.Time, id swarm.Peer, m peerwire.Message) {
	p := s.peers[id]
	if p == nil || s.Over() {
		return
	}
	p.lastReceived = now
	p.allowance.Refill(now)
	err := s.receive(now, p, m)
	if err == nil && p.allowance.Exceeded() {
		err = errFlood
	}
	if err != nil && s.peers[id] == p {
		s.closePeer(now, p, err)
	}
}

func (s *State) receive(now time.Time, p *peer, m peerwire.Message) error {
	if err := p.order.Check(m); err != nil {
		return err
	}
	switch m.Kind {
	case peerwire.Extended:
		return s.receiveExtended(now, p, m)
	case peerwire.Piece:
		return errUnaskedBlock
	case peerwire.Request:
		p.allowance.Spend(1)
		if p.Fast { // https://www.bittorrent.org/beps/bep_0006.html#reject-request
			p.send(now, peerwire.Message{Kind: peerwire.Reject, Block: m.Block})
		}
	case peerwire.Port:
		s.receivePort(now, p, m.Port)
	case peerwire.KeepAlive, peerwire.Cancel, peerwire.Reject, peerwire.Unknown:
		p.allowance.Spend(1 + len(m.Data)/allowance.BytesPerUnit)
	default:
		if p.replay.isState(m.Kind) {
			p.allowance.Spend(1)
		}
		s.notePieces(p, m)
		return p.replay.add(m)
	}
	return nil
}

// receiveExtended reads a message of an extension. Others than ut_metadata and ut_pex are ignored. An extension handshake is also kept for the torrent.
func (s *State) receiveExtended(now time.Time, p *peer, m peerwire.Message) error {
	switch m.ExtID {
	case 0:
		if err := p.replay.add(m); err != nil {
			return err
		}
		return s.receiveHello(now, p, m)
	case MetadataNumber:
		return s.receiveMetadata(now, p, m.Data)
	case ExchangeNumber:
		return s.receiveExchange(now, p, m.Data)
	}
	p.allowance.Spend(1 + len(m.Data)/allowance.BytesPerUnit)
	return nil
}
