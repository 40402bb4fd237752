package udptracker

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"time"

	"github.com/shoal-bt/shoal/swarm"
)

// headerLength is what every answer begins with, in bytes: action and transaction id.
const headerLength = 8

// parseHeader reads the begin of an answer; ok is false if it is too short.
func parseHeader(b []byte) (action, transaction uint32, ok bool) {
	if len(b) < headerLength {
		return 0, 0, false
	}
	return binary.BigEndian.Uint32(b), binary.BigEndian.Uint32(b[4:]), true
}

// minBody returns the shortest body of an answer in bytes, without its header; false if
// there is no such action. Answers may be longer, because future versions may add to them:
// https://www.bittorrent.org/beps/bep_0015.html#udp-tracker-protocol.
func minBody(action uint32) (length int, known bool) {
	switch action {
	case actionConnect:
		return 8, true
	case actionAnnounce:
		return 12, true
	case actionScrape, actionError:
		return 0, true
	}
	return 0, false
}

// An announceResponse is a tracker's answer to an announce, after checks.
type announceResponse struct {
	interval time.Duration // 0 if the tracker names none
	seeds    int           // -1 if it makes no sense, like the next
	leechers int
	peers    []swarm.Address
	warning  string // what was ignored; empty for nothing
}

// parseAnnounce reads the body of an answer to an announce, which has at least 12 bytes,
// and takes at most maxPeers addresses. The family of the packet decides how long an
// address is: https://www.bittorrent.org/beps/bep_0015.html#ipv6.
func parseAnnounce(body []byte, is6 bool, maxPeers int) announceResponse {
	r := announceResponse{
		interval: time.Duration(binary.BigEndian.Uint32(body)) * time.Second,
		leechers: count(body[4:]),
		seeds:    count(body[8:]),
	}
	size := 4
	if is6 {
		size = 16
	}
	entry := size + 2
	b := body[12:]
	if n := len(b) % entry; n != 0 {
		r.warning = fmt.Sprintf("the last %d bytes of the answer, which are no whole address, were ignored", n)
		b = b[:len(b)-n]
	}
	r.peers = make([]swarm.Address, 0, min(len(b)/entry, maxPeers))
	for ; len(b) > 0 && len(r.peers) < maxPeers; b = b[entry:] {
		ip, _ := netip.AddrFromSlice(b[:size])
		p, ok := peer(ip, binary.BigEndian.Uint16(b[size:]))
		if ok {
			r.peers = append(r.peers, p)
		}
	}
	return r
}

// peer returns the address of a peer, and false if that cannot be dialed.
func peer(ip netip.Addr, port uint16) (swarm.Address, bool) {
	ip = ip.Unmap()
	if port == 0 || ip.IsUnspecified() || ip.IsMulticast() || ip == netip.AddrFrom4([4]byte{255, 255, 255, 255}) {
		return swarm.Address{}, false
	}
	return swarm.Address{AddrPort: netip.AddrPortFrom(ip, port)}, true
}

// count reads a number of peers; -1 if it is 2^31 or more, because no swarm is that large.
func count(b []byte) int { return max(int(int32(binary.BigEndian.Uint32(b))), -1) }

// Counts are a tracker's numbers of one swarm:
// https://www.bittorrent.org/beps/bep_0015.html#scrape. A number is -1 if it makes no
// sense.
type Counts struct {
	Seeds     int // peers that have everything, now
	Leechers  int // peers that do not, now
	Completed int // completed downloads, ever
}

// parseScrape reads the body of an answer to a scrape of ids, in order, and adds it to
// counts. Those after the end of the answer are left out.
func parseScrape(body []byte, ids []swarm.ID, counts map[swarm.ID]Counts) {
	const entry = 12
	for _, id := range ids {
		if len(body) < entry {
			return
		}
		counts[id] = Counts{
			Seeds:     count(body),
			Completed: count(body[4:]),
			Leechers:  count(body[8:]),
		}
		body = body[entry:]
	}
}
