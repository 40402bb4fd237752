package protocol

import (
	"net/netip"
	"time"

	"github.com/shoal-bt/shoal/peerwire"
	"github.com/shoal-bt/shoal/protocol/allowance"
)

// extHandshake is the number of the extension handshake
// (https://www.bittorrent.org/beps/bep_0010.html, "handshake message").
const extHandshake = 0

// sendHello sends our extension handshake. Partial seeds
// (https://www.bittorrent.org/beps/bep_0021.html) would set UploadOnly here, and
// receiveExtended would note the peer's for closeIfUseless.
func (s *State) sendHello(now time.Time, p *peer) {
	hello := peerwire.ExtendedHandshake{
		V:      s.config.UserAgent,
		P:      s.port,
		Reqq:   maxServing,
		YourIP: p.addr.Addr().Unmap(),
	}
	s.send(now, p, peerwire.Message{Kind: peerwire.Extended, Data: hello.AppendTo(nil)})
}

// receiveExtended reads the peer's extension handshake. We offer no other extension
// message, so others are ignored. A handshake may come again, but not without limit.
func (s *State) receiveExtended(now time.Time, p *peer, m peerwire.Message) error {
	if m.ExtID != extHandshake {
		p.allowance.Spend(1 + len(m.Data)/bytesPerUnit)
		return nil
	}
	p.allowance.Spend(min(helloUnits+len(m.Data)/helloBytesPerUnit, allowance.Most/4))
	hello, err := peerwire.ParseExtendedHandshake(m.Data)
	if err != nil {
		return err
	}
	p.client = hello.V
	OwnAddress{p.addr.Addr(), hello.YourIP}.apply(now, s)
	if hello.Reqq > 0 {
		p.pace.SetLimit(min(hello.Reqq, 1<<16))
	}
	if !p.outgoing && hello.P > 0 {
		p.dialAddr = netip.AddrPortFrom(p.addr.Addr().Unmap(), hello.P)
	}
	return nil
}
