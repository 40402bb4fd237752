package protocol

import (
	"cmp"
	"errors"
	"net/netip"
	"time"

	"github.com/shoal-bt/shoal/peerwire"
	"github.com/shoal-bt/shoal/protocol/allowance"
	"github.com/shoal-bt/shoal/protocol/extension"
	"github.com/shoal-bt/shoal/protocol/places"
	"github.com/shoal-bt/shoal/swarm"
)

// What plugs into the extension protocol; see package extension.
type (
	// An Extension is a program's part in the extension protocol of one torrent.
	Extension = extension.Extension

	// A Session is an Extension's part in one connection.
	Session = extension.Session

	// A Conn is what a Session sees of its connection, and of the torrent.
	Conn = extension.Conn
)

// extHandshake is the number of the extension handshake
// (https://www.bittorrent.org/beps/bep_0010.html, "handshake message").
const extHandshake = 0

// registry returns the torrent's extensions, nil for none. They are made when they are needed
// first, so that a torrent without peers costs nothing.
func (s *State) registry() *extension.Registry {
	if s.extensions == nil && len(s.config.Extensions) > 0 {
		t := extension.Torrent{Swarms: s.swarms, Private: s.private}
		s.extensions = extension.NewRegistry(t, s.config.Extensions, s.say)
	}
	return s.extensions
}

// sendHello sends our extension handshake. An address of ours is only in it if it can be
// dialed from anywhere.
func (s *State) sendHello(now time.Time, p *peer) {
	p.SaidUploadOnly = s.saysUploadOnly(p)
	hello := peerwire.ExtendedHandshake{
		V:          s.config.UserAgent,
		P:          s.port,
		Reqq:       maxServing,
		YourIP:     p.Addr.Addr().Unmap(),
		IPv4:       places.Public(s.config.IPv4),
		IPv6:       places.Public(s.config.IPv6),
		UploadOnly: p.SaidUploadOnly,
	}
	s.registry().Hello(&hello)
	s.send(now, p, peerwire.Message{Kind: peerwire.Extended, Data: hello.AppendTo(nil)})
}

// saysUploadOnly reports whether we tell a peer that we download nothing: not as a super-seed,
// which says that it has nothing.
func (s *State) saysUploadOnly(p *peer) bool { return s.isDone() && !s.viewers.Has(p.ID) }

// receiveExtended takes in a message of the extension protocol. One with a number that
// stands for nothing is ignored and counted.
func (s *State) receiveExtended(now time.Time, p *peer, m peerwire.Message) error {
	if m.ExtID == extHandshake {
		return s.receiveHello(now, p, m)
	}
	p.Allowance.Spend(1 + len(m.Data)/allowance.BytesPerUnit)
	if m.ExtID == extension.DontHave && p.Extended {
		return s.receiveDontHave(now, p, m.Data)
	}
	isKnown, err := p.Extension.Message(now, m.ExtID, m.Data)
	if !isKnown {
		p.Tally.Unknown.Add(1)
	}
	var broken *peerwire.ProtocolError
	if err != nil && !errors.As(err, &broken) {
		return protocolError(m.Kind, "%v", err)
	}
	return err
}

// receiveHello reads the peer's extension handshake. It may come again, but not without
// limit.
func (s *State) receiveHello(now time.Time, p *peer, m peerwire.Message) error {
	var r *extension.Registry
	if p.Extended {
		r = s.registry()
	}
	p.Allowance.SpendHello(r.Len(), len(m.Data))
	hello, err := peerwire.ParseExtendedHandshake(m.Data)
	if err != nil {
		return err
	}
	p.Client = cmp.Or(hello.V, p.Client)
	p.Encrypts, p.UploadOnly = hello.Encrypt, hello.UploadOnly
	OwnAddress{p.Addr.Addr(), hello.YourIP}.apply(now, s)
	if hello.Reqq > 0 {
		p.Pace.SetLimit(min(hello.Reqq, 1<<16))
	}
	if !p.Outgoing && hello.P > 0 {
		p.DialAddr = netip.AddrPortFrom(p.Addr.Addr().Unmap(), hello.P)
	}
	if p.Extended {
		p.Extension.Hello(now, r, &hello, func(i int) Conn { return &extensionConn{s, p, i} })
	}
	s.closeIfUseless(now, p)
	return nil
}

// sendExtended sends a message of an extension, if the peer has a number for it.
func (s *State) sendExtended(now time.Time, p *peer, number uint8, body []byte) bool {
	if number == 0 {
		return false
	}
	s.send(now, p, peerwire.Message{Kind: peerwire.Extended, ExtID: number, Data: body})
	return true
}

// apply sends a message that an extension prepared outside.
func (e Say) apply(now time.Time, s *State) {
	p := s.peers[e.Peer]
	if p != nil {
		s.sendExtended(now, p, p.Extension.NumberOf(s.registry(), e.Name), e.Body)
	}
}

// An extensionConn is the Conn of one extension in one connection.
type extensionConn struct {
	s     *State
	p     *peer
	index int // of the extension
}

func (c *extensionConn) Peer() swarm.Peer     { return c.p.ID }
func (c *extensionConn) Swarm() swarm.ID      { return c.p.Swarm }
func (c *extensionConn) Addr() netip.AddrPort { return c.p.Addr }
func (c *extensionConn) Outgoing() bool       { return c.p.Outgoing }
func (c *extensionConn) CountUpload(n int)    { c.p.Tally.Up.Add(int64(n)) }
func (c *extensionConn) CountIgnored(n int)   { c.p.Tally.Ignored.Add(int64(n)) }

func (c *extensionConn) Send(body []byte) bool {
	return c.s.sendExtended(c.s.now, c.p, c.p.Extension.Number(c.index), body)
}

func (c *extensionConn) SendLater(body func() []byte) bool {
	c.s.markDirty(c.p)
	return c.p.Out.AddExtended(c.p.Tally, c.p.Extension.Number(c.index), body)
}

func (c *extensionConn) Found(all ...swarm.Address) {
	c.p.Allowance.Spend(len(all)) // each is looked up, and most change nothing
	for _, a := range all {
		if !c.s.addNamed(c.s.now, a, c.s.swarmOf(c.p), c.p.Addr.Addr()) {
			c.p.Tally.Ignored.Add(1)
		}
	}
}

func (c *extensionConn) Peers(yield func(swarm.Address) bool) {
	for _, p := range c.s.order {
		if p == c.p || p.Swarm != c.p.Swarm || !p.DialAddr.IsValid() {
			continue
		}
		if !yield(swarm.Address{AddrPort: p.DialAddr, Flags: p.Traits(c.s.n).Flags()}) {
			return
		}
	}
}
