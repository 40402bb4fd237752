package fetch

import (
	"time"

	"github.com/shoal-bt/shoal/peerwire"
	"github.com/shoal-bt/shoal/swarm"
)

// MetadataNumber is the number that peers use in messages of ut_metadata to us while the
// metadata is fetched. It is high so that a torrent that takes the connection over gives
// it no other meaning: answers that are still under way then have a number that is unknown.
const MetadataNumber = 200

// An offer is what the extension handshakes of a peer say.
type offer struct {
	number     uint8 // for messages of ut_metadata to the peer; 0 if it has no such extension
	size       int   // metadata_size in bytes; 0 if it named none
	listenPort uint16
}

// sendFirst sends what comes right after the handshake: that we have no piece, if that can
// be said (https://www.bittorrent.org/beps/bep_0006.html#have-all-have-none), and our
// extension handshake, without a metadata_size
// (https://www.bittorrent.org/beps/bep_0010.html#handshake-message).
func (s *State) sendFirst(now time.Time, p *peer) {
	if p.Fast {
		p.send(now, peerwire.Message{Kind: peerwire.HaveNone})
	}
	defer s.sendPort(now, p)
	if !p.Extended {
		return
	}
	hello := peerwire.ExtendedHandshake{
		M:      s.extensions(),
		V:      s.config.UserAgent,
		P:      s.config.Port,
		Reqq:   s.config.Reqq,
		YourIP: p.Addr.Addr().Unmap(),
	}
	p.send(now, peerwire.Message{Kind: peerwire.Extended, Data: hello.AppendTo(nil)})
}

// receiveHello reads an extension handshake. A peer may send several: later ones change
// the number of the extension, and may name the size if none was named before. A size
// must stay what it is (https://www.bittorrent.org/beps/bep_0009.html#extension-header).
// One that is above the limit is never requested; zero and negative ones are none.
func (s *State) receiveHello(now time.Time, p *peer, m peerwire.Message) error {
	p.allowance.SpendHello(0, len(m.Data))
	hello, err := peerwire.ParseExtendedHandshake(m.Data)
	if err != nil {
		return err
	}
	if p.size != 0 && hello.MetadataSize != 0 && hello.MetadataSize != p.size {
		return errSizeChanged
	}
	number, listed := hello.M[peerwire.MetadataName]
	if listed {
		p.number = number
	}
	if hello.MetadataSize != 0 {
		p.size = hello.MetadataSize
	}
	if hello.P != 0 {
		p.listenPort = hello.P
	}
	s.changed = true
	s.regroup(now, p)
	s.noteOversize(now)
	return nil
}

// isOversize reports whether the peer names a size above the limit.
func (s *State) isOversize(p *peer) bool { return p.size > s.config.MaxSize }

// noteOversize notes since when each peer that names a size names one above the limit. Peers
// that leave change nothing: they may close the connection because we give them nothing.
func (s *State) noteOversize(now time.Time) {
	oversize, fitting := 0, false
	for _, p := range s.order {
		switch {
		case s.isOversize(p):
			oversize = p.size
		case p.size > 0:
			fitting = true
		}
	}
	switch {
	case fitting:
		s.oversizeSince = time.Time{}
	case oversize == 0:
	case s.oversizeSince.IsZero():
		s.oversizeSince, s.refusedSize = now, oversize
		s.tickBy(now.Add(oversizePatience))
	}
}

// ListenPort returns the port on which a peer accepts connections, as its extension
// handshake says; 0 if it says none or the peer is not connected.
func (s *State) ListenPort(id swarm.Peer) uint16 {
	p := s.peers[id]
	if p == nil {
		return 0
	}
	return p.listenPort
}
