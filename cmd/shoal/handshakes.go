package main

import (
	"errors"
	"fmt"
	"net/netip"
	"syscall"
	"time"

	"github.com/shoal-bt/shoal/client"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/console"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/message"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/quantity"
)

// handshakes are how the handshakes with a torrent's peers ended, for what is said at the end.
type handshakes struct {
	connected bool                        // to a peer, at least once
	refused   map[netip.AddrPort]struct{} // that ended the connection in the handshake
}

// maxRefused bounds the addresses of handshakes.
const maxRefused = 1000

// addRefused counts a peer that ended the connection in the handshake.
func (h *handshakes) addRefused(a netip.AddrPort) {
	if h.refused == nil {
		h.refused = make(map[netip.AddrPort]struct{})
	}
	if len(h.refused) < maxRefused {
		h.refused[a] = struct{}{}
	}
}

// A named peer is one that the user named.
type namedPeer struct {
	warned, final bool // a message said that it failed, and that it is not tried again
}

// Why peers end connections in the handshake, most likely first.
const (
	refusalCauses = "Such a peer may accept only encrypted connections, which Shoal does not support yet. It may also not share this torrent, be full, or have banned this address."
	foreignCauses = "Such a peer may accept only encrypted connections, which Shoal does not support yet. It may also be no BitTorrent client."
)

// peerFailure says why a peer is not connected, and what that may mean.
func peerFailure(err error) (why, advice string) {
	switch {
	case errors.Is(err, client.ErrHungUp):
		return "it closed the connection in the handshake", refusalCauses
	case errors.Is(err, client.ErrNotBitTorrent):
		return "it sent something else than a BitTorrent handshake", foreignCauses
	case errors.Is(err, syscall.ECONNREFUSED):
		return "it refused the connection", "Check that a client is running there."
	case errors.Is(err, client.ErrConnectTimeout):
		return "it could not be reached in time", "Check the address, and that no firewall is in the way."
	case errors.Is(err, client.ErrHandshakeTimeout):
		return "it sent no handshake in time", "Check that it is a BitTorrent client."
	}
	return message.Of(err), "Check the address."
}

// handlePeerFailed counts a peer that is not connected, and warns about one that the user
// named: the first time, and when it is not tried again.
func (s *session) handlePeerFailed(e client.PeerFailed) {
	err := client.ErrorOf(e)
	i := s.byID[e.Torrent]
	if i == nil { // it dialed us
		if errors.Is(err, client.ErrNotBitTorrent) {
			s.foreign++
		}
		return
	}
	if errors.Is(err, client.ErrHungUp) || errors.Is(err, client.ErrNotBitTorrent) {
		i.handshakes.addRefused(e.Addr)
	}
	named := s.named[e.Addr]
	final := e.Retry.IsZero()
	if named == nil || (named.warned && !final) || named.final {
		return
	}
	named.warned, named.final = true, final
	why, advice := peerFailure(err)
	h := eventJSON{Event: "peerFailed", Torrent: i.id, Peer: e.Addr.String(), Message: why}
	next := "Shoal does not try it again."
	if now := time.Now(); !final {
		h.Retry = secondsUntil(now, e.Retry)
		next = "Shoal tries it again in " + quantity.About(e.Retry.Sub(now)) + ", and then less often."
	}
	h.Advice = advice + " " + next
	if s.c.IsJSON {
		s.c.Emit(h)
		return
	}
	s.warnAbout(i, h.Peer+": "+why, h.Advice)
}

// warnRefused says of a torrent that met no peer but such that ended the connection in
// the handshake what the reason may be.
func (s *session) warnRefused(i *item) {
	n := len(i.handshakes.refused)
	if i.handshakes.connected || n == 0 {
		return
	}
	text := "the only peer that answered ended the connection in the handshake"
	if n > 1 {
		text = fmt.Sprintf("all %s that answered ended the connection in the handshake", quantity.Count(n, "peer"))
	}
	s.warnAbout(i, text, refusalCauses)
}

// warnForeign says that all who connected to us sent something else than a handshake.
func (s *session) warnForeign() {
	for _, i := range s.items {
		if i.handshakes.connected {
			return
		}
	}
	if s.foreign > 0 {
		s.c.Report(console.Failure{
			Event:   "warning",
			Message: fmt.Sprintf("%s came in, and none began with a BitTorrent handshake", quantity.Count(s.foreign, "connection")),
			Advice:  foreignCauses,
		}, "")
	}
}
