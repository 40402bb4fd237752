package pieces

import (
	"net/netip"
	"slices"
)

// Blame is what is known about the senders of wrong pieces that have not come right yet. The
// zero Blame is empty.
type Blame struct {
	// Unexplained says that a piece was wrong whose format does not tell which blocks are.
	Unexplained bool

	evidence map[int]*Evidence // by piece
}

// Len returns the number of pieces.
func (b *Blame) Len() int { return len(b.evidence) }

// Has reports whether a piece was wrong and has not come right.
func (b *Blame) Has(piece int) bool { return b.evidence[piece] != nil }

// Record keeps who sent what of a wrong piece, as Evidence.Record does, and reports whether
// it did.
func (b *Blame) Record(a *Assembly, sums []uint64) bool {
	ev := b.evidence[a.Piece]
	if ev == nil {
		ev = new(Evidence)
	}
	if !ev.Record(a, sums) {
		return false
	}
	if b.evidence == nil {
		b.evidence = make(map[int]*Evidence)
	}
	b.evidence[a.Piece] = ev
	return true
}

// Settle forgets a piece that came right, whose blocks have the given hashes. It returns who
// sent blocks that differ from these, and everybody who sent blocks of a wrong version. A
// sender may come several times.
func (b *Blame) Settle(piece int, right []uint64) (liars, senders []*Sender) {
	ev := b.evidence[piece]
	if ev == nil {
		return nil, nil
	}
	delete(b.evidence, piece)
	return ev.Liars(right), ev.Senders()
}

// Suspects reports whether somebody with an IP address sent blocks of a wrong piece, and it is
// not known yet who lied.
func (b *Blame) Suspects(addr netip.Addr) bool {
	for _, ev := range b.evidence {
		if ev.Suspects(addr) {
			return true
		}
	}
	return false
}

// HaveOneAddress reports whether all senders, at least one, have one IP address: a peer may
// leave and come back while it sends a piece, and bans are by address.
func HaveOneAddress(senders []*Sender) bool {
	return !slices.ContainsFunc(senders, func(o *Sender) bool {
		return o.Addr.Addr().Unmap() != senders[0].Addr.Addr().Unmap()
	})
}
