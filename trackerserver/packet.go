package trackerserver

import (
	"context"
	"encoding/binary"
	"net/netip"
	"time"

	"github.com/shoal-bt/shoal/swarm"
)

// The packets of https://www.bittorrent.org/beps/bep_0015.html#udp-tracker-protocol. All
// sizes are in bytes.
const (
	protocolID = 0x41727101980 // instead of a connection ID, in a connect request

	actionConnect  = 0
	actionAnnounce = 1
	actionScrape   = 2
	actionError    = 3

	headerSize   = 16 // of a request: connection ID, action, transaction ID
	announceSize = 98 // of an announce request without options

	// maxRequest is the size of the longest request that is read. One of 74 info
	// hashes has 1,496 bytes. URLData may be longer than any URL that is in use.
	maxRequest = 2048

	// maxAnswer is the size of the longest answer, which passes each IPv6 link in
	// one piece: 1,280 less the headers of IPv6 and UDP.
	maxAnswer = 1232

	// maxScrapeUDP is the largest number of info hashes in one scrape:
	// https://www.bittorrent.org/beps/bep_0015.html#scrape.
	maxScrapeUDP = 74
)

// unproven is the error for a sender without a valid connection ID. With its header it is
// shorter than a scrape of one info hash, so nobody gets more bytes than were sent in its
// name.
const unproven = "connection id expired"

// A responder answers the packets of one goroutine.
type responder struct {
	server *Server
	ids    connectionIDs
	x      exchange
	counts UDPStats // since the last flush
}

func newResponder(s *Server) *responder {
	return &responder{server: s, ids: connectionIDs{key: s.key}}
}

// flush adds what was counted to the server's figures.
func (r *responder) flush() {
	r.server.udp.add(&r.counts)
	r.counts = UDPStats{}
}

// answer appends the answer to a packet to dst; nothing if it gets none. It depends on
// nothing but its arguments, the key of connection IDs and the Handler.
func (r *responder) answer(ctx context.Context, dst []byte, now time.Time, from netip.AddrPort, packet []byte) []byte {
	if len(packet) < headerSize || len(packet) > maxRequest || from.Port() == 0 {
		r.counts.Ignored++
		return dst
	}
	from = netip.AddrPortFrom(from.Addr().Unmap().WithZone(""), from.Port())
	id, action := binary.BigEndian.Uint64(packet), binary.BigEndian.Uint32(packet[8:])
	switch action {
	case actionConnect:
		if id != protocolID {
			break
		}
		r.counts.Connects++
		return binary.BigEndian.AppendUint64(appendHeader(dst, action, packet), r.ids.id(from.Addr(), now))
	case actionAnnounce, actionScrape:
		if action == actionAnnounce && len(packet) < announceSize {
			break
		}
		if !r.ids.valid(id, from.Addr(), now) {
			r.counts.Unproven++
			if 8+len(unproven) > len(packet) {
				return dst
			}
			return appendError(dst, packet, unproven)
		}
		return r.serve(ctx, dst, action, from, packet)
	}
	r.counts.Ignored++
	return dst
}

// serve appends the answer to an announce or a scrape of a sender that is proven.
func (r *responder) serve(ctx context.Context, dst []byte, action uint32, from netip.AddrPort, packet []byte) []byte {
	start := len(dst)
	var err error
	if action == actionAnnounce {
		r.counts.Announces++
		dst, err = r.announce(ctx, dst, from, packet)
	} else {
		r.counts.Scrapes++
		dst, err = r.scrape(ctx, dst, packet)
	}
	if err != nil {
		r.counts.Refused++
		return appendError(dst[:start], packet, refusalOf(err).Reason)
	}
	return dst
}

// appendHeader begins the answer to a request.
func appendHeader(dst []byte, action uint32, request []byte) []byte {
	return append(binary.BigEndian.AppendUint32(dst, action), request[12:16]...)
}

// appendError writes an error packet.
func appendError(dst, request []byte, reason string) []byte {
	return append(appendHeader(dst, actionError, request), reason[:min(len(reason), maxAnswer-8)]...)
}

// announce appends the answer to an announce:
// https://www.bittorrent.org/beps/bep_0015.html#announce. Peers have the family of the
// sender, so the numbers of bytes tell 6-byte peers from 18-byte peers.
func (r *responder) announce(ctx context.Context, dst []byte, from netip.AddrPort, packet []byte) ([]byte, error) {
	c := &r.server.config
	addr, peerSize := from.Addr(), 18
	if addr.Is4() {
		peerSize = 6
		ip := netip.AddrFrom4([4]byte(packet[84:88]))
		if c.TrustIP && isPeerAddr(ip) {
			addr = ip
		}
	}
	want := int(int32(binary.BigEndian.Uint32(packet[92:])))
	if want < 0 {
		want = c.Want
	}
	x := &r.x
	x.request = Request{
		Swarm:      swarm.ID(packet[16:36]),
		Peer:       swarm.PeerID(packet[36:56]),
		Addr:       netip.AddrPortFrom(addr, binary.BigEndian.Uint16(packet[96:])),
		Downloaded: atLeastZero(packet[56:]),
		Left:       int64(binary.BigEndian.Uint64(packet[64:])),
		Uploaded:   atLeastZero(packet[72:]),
		Want:       min(want, c.MaxWant, (maxAnswer-20)/peerSize),
		SameFamily: true,
	}
	x.request.Left = max(x.request.Left, -1)
	x.request.Event, x.request.PartialSeed = eventOf(binary.BigEndian.Uint32(packet[80:]))
	x.url = appendURLData(x.url[:0], packet[announceSize:])
	x.request.Path, x.request.Query = splitURLData(x.url)
	x.reply = Reply{Interval: c.Interval, MinInterval: c.MinInterval, Peers: x.reply.Peers[:0]}
	if err := c.Handler.Announce(ctx, &x.request, &x.reply); err != nil {
		return dst, err
	}
	dst = appendHeader(dst, actionAnnounce, packet)
	dst = binary.BigEndian.AppendUint32(dst, clamp(inSeconds(x.reply.Interval)))
	dst = binary.BigEndian.AppendUint32(dst, clamp(x.reply.incomplete()))
	dst = binary.BigEndian.AppendUint32(dst, clamp(x.reply.Seeds))
	return x.appendPeers(dst, from.Addr().Is4(), x.request.Want), nil
}

// appendPeers appends the peers of one family, at most limit: a Handler may have named
// others too.
func (x *exchange) appendPeers(dst []byte, is4 bool, limit int) []byte {
	for i := range x.reply.Peers {
		a := &x.reply.Peers[i].Addr
		ip := a.Addr().Unmap()
		if ip.Is4() != is4 {
			continue
		}
		if limit--; limit < 0 {
			break
		}
		if is4 {
			b := ip.As4()
			dst = append(dst, b[:]...)
		} else {
			b := ip.As16()
			dst = append(dst, b[:]...)
		}
		dst = binary.BigEndian.AppendUint16(dst, a.Port())
	}
	return dst
}

// scrape appends the answer to a scrape:
// https://www.bittorrent.org/beps/bep_0015.html#scrape. Bytes after the last whole info
// hash are ignored.
func (r *responder) scrape(ctx context.Context, dst, packet []byte) ([]byte, error) {
	x := &r.x
	x.ids, x.counts = x.ids[:0], x.counts[:0]
	for rest := packet[headerSize:]; len(rest) >= len(swarm.ID{}); rest = rest[len(swarm.ID{}):] {
		x.ids, x.counts = append(x.ids, swarm.ID(rest[:20])), append(x.counts, Counts{})
	}
	switch {
	case len(x.ids) == 0:
		return dst, errNoSwarm
	case len(x.ids) > min(maxScrapeUDP, r.server.config.MaxScrape):
		return dst, errManySwarms
	}
	if err := r.server.config.Handler.Scrape(ctx, x.ids, x.counts); err != nil {
		return dst, err
	}
	dst = appendHeader(dst, actionScrape, packet)
	for _, c := range x.counts {
		dst = binary.BigEndian.AppendUint32(dst, clamp(c.Seeds))
		dst = binary.BigEndian.AppendUint32(dst, clamp(c.Completed))
		dst = binary.BigEndian.AppendUint32(dst, clamp(c.incomplete()))
	}
	return dst, nil
}

// eventOf returns the event of a number. The number 4 is that of libtorrent for a partial
// seed: https://www.bittorrent.org/beps/bep_0021.html.
func eventOf(n uint32) (e swarm.Event, partialSeed bool) {
	switch n {
	case 1:
		return swarm.Completed, false
	case 2:
		return swarm.Started, false
	case 3:
		return swarm.Stopped, false
	case 4:
		return swarm.None, true
	}
	return swarm.None, false
}

// atLeastZero reads a count of bytes. One that is not valid proves nothing, so it is 0.
func atLeastZero(b []byte) int64 { return max(0, int64(binary.BigEndian.Uint64(b))) }

// clamp returns n as it fits into 32 bits.
func clamp(n int) uint32 { return uint32(min(max(n, 0), 1<<31-1)) }
