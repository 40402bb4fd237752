package pieces

import (
	"bytes"

	"github.com/shoal-bt/shoal/peerwire"
	"github.com/shoal-bt/shoal/protocol/allowance"
	"github.com/shoal-bt/shoal/swarm"
)

// Later reads a Bitfield, HaveAll or HaveNone that comes behind other messages and says which of
// n pieces a peer has. BEP 3 forbids that
// (https://www.bittorrent.org/beps/bep_0003.html, "peer messages": bitfield), but aria2 sends it
// in place of many HAVEs; so it may add pieces, and take none back. has is what the peer has if
// that is more than before, else nil; it may point into the message. units is what the message
// costs the peer, so that our work is in proportion to the pieces that are new, or to the bytes
// that came. A message that takes pieces back is a *peerwire.ProtocolError.
func (s *Set) Later(m peerwire.Message, n int) (has swarm.Bitfield, units int, err error) {
	switch m.Kind {
	case peerwire.HaveNone:
		if s.count > 0 {
			return nil, 0, takesBack(m)
		}
		return nil, 1, nil
	case peerwire.HaveAll:
		if s.All(n) {
			return nil, 1, nil
		}
		all := swarm.NewBitfield(n)
		all.SetAll(n)
		return all, 0, nil
	}
	has = swarm.Bitfield(m.Data)
	switch {
	case bytes.Equal(s.Bitfield(n), has):
		return nil, 1 + len(has)/allowance.BytesPerUnit, nil
	case !s.In(has, n):
		return nil, 0, takesBack(m)
	}
	return has, 0, nil
}

func takesBack(m peerwire.Message) error {
	return &peerwire.ProtocolError{Message: m.Kind, Reason: "takes pieces back"}
}
