package pieces

import (
	"net/netip"
	"slices"
)

// maxVersions is the number of wrong versions of a piece that are remembered.
const maxVersions = 8

// Evidence is who sent which blocks of wrong versions of a piece.
type Evidence struct{ versions [][]sentBlock }

// A sentBlock is who sent a block of a wrong piece and what its bytes hashed to.
type sentBlock struct {
	sender *Sender
	sum    uint64
}

// Record keeps who sent what of a wrong piece, and reports whether it did. sums are hashes
// of all its blocks; without them nothing is kept, and no more than a few versions are.
func (e *Evidence) Record(a *Assembly, sums []uint64) bool {
	if len(sums) != len(a.senders) || len(e.versions) >= maxVersions {
		return false
	}
	version := make([]sentBlock, len(sums))
	for k, p := range a.senders {
		version[k] = sentBlock{p, sums[k]}
	}
	e.versions = append(e.versions, version)
	return true
}

// Suspects reports whether a sender of a wrong version has an IP address.
func (e *Evidence) Suspects(addr netip.Addr) bool {
	return slices.ContainsFunc(e.Senders(), func(p *Sender) bool { return p.Addr.Addr().Unmap() == addr.Unmap() })
}

// Liars returns who sent a block that differs from the right one. right are hashes of
// the blocks of the right piece. A sender may come several times.
func (e *Evidence) Liars(right []uint64) (all []*Sender) {
	for _, version := range e.versions {
		for k, b := range version {
			if b.sender != nil && k < len(right) && b.sum != right[k] {
				all = append(all, b.sender)
			}
		}
	}
	return all
}

// Senders returns everybody who sent a block of a wrong version. A sender may come
// several times.
func (e *Evidence) Senders() (all []*Sender) {
	for _, version := range e.versions {
		for _, b := range version {
			if b.sender != nil {
				all = append(all, b.sender)
			}
		}
	}
	return all
}
