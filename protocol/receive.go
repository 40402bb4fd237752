package protocol

import (
	"fmt"
	"time"

	"github.com/shoal-bt/shoal/peerwire"
	"github.com/shoal-bt/shoal/protocol/requests"
)

func (e *Received) apply(now time.Time, s *State) {
	p := s.peers[e.Peer]
	if p == nil || p.Closing {
		s.discardBlocks(e.Messages)
		return
	}
	p.LastReceived = now
	p.Allowance.Refill(now)
	p.Allowance.EarnUploads(p.Tally.Up.Load())
	mayRequest := false
	for i, m := range e.Messages {
		err := s.receive(now, p, m)
		if err == nil {
			err = p.CheckAllowance(m.Kind)
		}
		if err != nil {
			s.closePeer(now, p, err)
		}
		if p.Closing {
			s.discardBlocks(e.Messages[i+1:])
			return
		}
		mayRequest = mayRequest || requests.MayFollow(m.Kind)
	}
	s.trimCredits(p)
	if mayRequest {
		s.requestBlocks(now, p)
	}
}

// receive handles one message
// (https://www.bittorrent.org/beps/bep_0003.html, "peer messages"; the kinds from HaveAll
// to AllowedFast in https://www.bittorrent.org/beps/bep_0006.html, Extended in
// https://www.bittorrent.org/beps/bep_0010.html, Port in
// https://www.bittorrent.org/beps/bep_0005.html). An error ends the connection.
func (s *State) receive(now time.Time, p *peer, m peerwire.Message) error {
	isFirst := !p.GotFirst
	switch m.Kind {
	case peerwire.KeepAlive, peerwire.Extended, peerwire.Port, peerwire.Unknown:
	default:
		p.GotFirst = true
	}
	switch m.Kind {
	case peerwire.Piece:
		s.receiveBlock(now, p, m)
	case peerwire.Request:
		return s.receiveRequest(now, p, m.Block)
	case peerwire.Have:
		s.receiveHave(now, p, m.Piece)
	case peerwire.Bitfield, peerwire.HaveAll, peerwire.HaveNone:
		if !isFirst {
			return s.receiveLaterBitfield(now, p, m)
		}
		s.receiveFirstBitfield(now, p, m)
	case peerwire.Choke:
		s.receiveChoke(p)
	case peerwire.Unchoke:
		s.receiveUnchoke(now, p)
	case peerwire.Interested:
		s.receiveInterest(now, p, true)
	case peerwire.NotInterested:
		s.receiveInterest(now, p, false)
	case peerwire.Cancel:
		s.receiveCancel(now, p, m.Block)
	case peerwire.Reject:
		s.receiveReject(now, p, m.Block)
	case peerwire.AllowedFast:
		p.Allowed = p.AddHint(p.Allowed, m.Piece)
	case peerwire.Suggest:
		p.Suggested = p.AddHint(p.Suggested, m.Piece)
	case peerwire.Extended:
		return s.receiveExtended(now, p, m)
	case peerwire.Port:
		s.receivePort(now, p, m.Port)
	default: // KeepAlive, Unknown
		p.Allowance.Spend(1)
	}
	return nil
}

// protocolError is a rule of the protocol that a peer broke, by message.
func protocolError(k peerwire.Kind, format string, args ...any) error {
	return &peerwire.ProtocolError{Message: k, Reason: fmt.Sprintf(format, args...)}
}
