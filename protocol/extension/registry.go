package extension

import (
	"slices"

	"github.com/shoal-bt/shoal/peerwire"
	"github.com/shoal-bt/shoal/swarm"
)

const (
	// DontHave is our number of lt_donthave, which is part of the protocol itself
	// (https://www.bittorrent.org/beps/bep_0054.html).
	DontHave = 1

	first   = DontHave + 1    // the number of the first Extension
	most    = 255 - first + 1 // extensions of a torrent
	maxName = 64              // bytes
)

// A Registry is the extensions of a torrent. Their numbers follow from their order.
type Registry struct{ all []Extension }

// NewRegistry makes the extensions of a torrent. One whose name is empty, longer than 64
// bytes or taken is left out, and so are those beyond 254. say is the Say of protocol, with
// the name of the extension that speaks; nil for none.
func NewRegistry(t Torrent, makers []Maker, say func(p swarm.Peer, name string, body []byte)) *Registry {
	r := new(Registry)
	for _, m := range makers {
		var name string
		if say != nil {
			t.Say = func(p swarm.Peer, body []byte) { say(p, name, body) }
		}
		e := m(t)
		if e == nil {
			continue
		}
		name = e.Name()
		isTaken := name == peerwire.DontHaveName || r.index(name) >= 0
		if name != "" && len(name) <= maxName && !isTaken && len(r.all) < most {
			r.all = append(r.all, e)
		}
	}
	return r
}

// Len returns the number of extensions.
func (r *Registry) Len() int {
	if r == nil {
		return 0
	}
	return len(r.all)
}

// index returns the index of an extension, or -1.
func (r *Registry) index(name string) int {
	if r == nil {
		return -1
	}
	return slices.IndexFunc(r.all, func(e Extension) bool { return e.Name() == name })
}

// Hello fills in the extensions of our handshake, and has each add to it. A nil Registry
// has none but lt_donthave.
func (r *Registry) Hello(h *peerwire.ExtendedHandshake) {
	h.M = peerwire.Extensions{peerwire.DontHaveName: DontHave}
	if r == nil {
		return
	}
	for i, e := range r.all {
		e.Hello(h)
		h.M[e.Name()] = uint8(first + i)
	}
}
