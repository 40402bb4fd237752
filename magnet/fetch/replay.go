package fetch

import (
	"github.com/shoal-bt/shoal/peerwire"
	"github.com/shoal-bt/shoal/swarm"
)

// maxReplay is how many bytes are kept of what one peer sends before the metadata is
// there: the bitfield of a torrent of 1.8 million pieces, or as much in HAVEs. A connect.Conn
// has room for this and for a read that was under way.
const maxReplay = 224 << 10

// A replay keeps what a peer says of itself until the torrent can read it: which pieces it
// has, whether it chokes us, its extension handshakes. Of messages that replace each other
// it keeps the last.
type replay struct {
	log        []byte // messages, in the order in which they came
	bitsAt     int    // where the bits of the Bitfield begin in log
	bitsLen    int    // how many bytes these are; 0 for none
	unchoked   bool
	interested bool
	port       uint16 // of the peer's DHT node; 0 for none
}

// isState reports whether a message replaces an earlier one.
func (r *replay) isState(k peerwire.Kind) bool {
	switch k {
	case peerwire.Choke, peerwire.Unchoke, peerwire.Interested, peerwire.NotInterested:
		return true
	}
	return false
}

// add keeps a message. It returns an error if there are too many.
func (r *replay) add(m peerwire.Message) error {
	switch m.Kind {
	case peerwire.Choke, peerwire.Unchoke:
		r.unchoked = m.Kind == peerwire.Unchoke
		return nil
	case peerwire.Interested, peerwire.NotInterested:
		r.interested = m.Kind == peerwire.Interested
		return nil
	case peerwire.Have:
		if r.bits().Has(m.Piece) {
			return nil
		}
	}
	if len(r.log)+m.Len() > maxReplay {
		return errReplayFull
	}
	r.log = m.AppendTo(r.log)
	if m.Kind == peerwire.Bitfield {
		r.bitsAt, r.bitsLen = len(r.log)-len(m.Data), len(m.Data)
	}
	return nil
}

// bits returns the bitfield that was kept; empty for none.
func (r *replay) bits() swarm.Bitfield { return swarm.Bitfield(r.log[r.bitsAt : r.bitsAt+r.bitsLen]) }

// bytes returns the messages as they are to be read again. A peer chokes us and is not
// interested when its connection begins, so that need not be said
// (https://www.bittorrent.org/beps/bep_0003.html#peer-protocol).
func (r *replay) bytes() []byte {
	b := r.log[:len(r.log):len(r.log)]
	if r.port != 0 {
		b = peerwire.Message{Kind: peerwire.Port, Port: r.port}.AppendTo(b)
	}
	if r.unchoked {
		b = peerwire.Message{Kind: peerwire.Unchoke}.AppendTo(b)
	}
	if r.interested {
		b = peerwire.Message{Kind: peerwire.Interested}.AppendTo(b)
	}
	return b
}

// Replay returns the messages that a connected peer sent so far and that matter to the
// torrent, as encoded messages in an order that is valid: what it has, whether it is
// interested and whether it unchokes us, and its extension handshakes. Messages of
// ut_metadata are not among them. The caller must not change them.
func (s *State) Replay(id swarm.Peer) []byte {
	p := s.peers[id]
	if p == nil {
		return nil
	}
	return p.replay.bytes()
}
