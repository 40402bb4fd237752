package pex

import (
	"time"

	"github.com/shoal-bt/shoal/peerwire"
	"github.com/shoal-bt/shoal/protocol/exchanging"
	"github.com/shoal-bt/shoal/protocol/extension"
)

// name is the name of the extension in handshakes.
const name = "ut_pex"

// New returns the peer exchange of a torrent; it is an extension.Maker. A private torrent has
// none, so our handshake does not offer it (https://www.bittorrent.org/beps/bep_0027.html).
func New(t extension.Torrent) extension.Extension {
	if t.Private {
		return nil
	}
	return exchange{}
}

// An exchange is the extension of one torrent. All that it knows is in its sessions.
type exchange struct{}

// Name returns the name of the extension.
func (exchange) Name() string { return name }

// Hello adds nothing to our handshake.
func (exchange) Hello(*peerwire.ExtendedHandshake) {}

// Open begins the exchange with one peer.
func (exchange) Open(now time.Time, c extension.Conn, _ *peerwire.ExtendedHandshake) extension.Session {
	return &session{conn: c, outgoing: outgoing{dueAt: now.Add(firstAfter)}}
}

// A session is the exchange with one peer.
type session struct {
	conn     extension.Conn
	incoming exchanging.Incoming
	outgoing
}

// Hello does nothing: Conn knows whether the peer takes messages.
func (s *session) Hello(time.Time, *peerwire.ExtendedHandshake) {}

// Close does nothing.
func (s *session) Close() {}
