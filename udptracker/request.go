package udptracker

import (
	"encoding/binary"
	"math"
	"net/netip"

	"github.com/shoal-bt/shoal/swarm"
)

// The actions of https://www.bittorrent.org/beps/bep_0015.html#udp-tracker-protocol.
const (
	actionConnect  = 0
	actionAnnounce = 1
	actionScrape   = 2
	actionError    = 3
)

const (
	protocolID     = 0x41727101980 // in a connect request, in place of a connection id
	announceLength = 98            // of an announce without options, in bytes
	maxRequest     = 1232          // of an announce, in bytes: what every IPv6 path carries whole
	maxScrape      = 74            // swarms in one scrape
	optionURLData  = 2
	maxOption      = 255 // bytes in one option
)

// unknownLeft is sent if the number of bytes left is not known. It must not be 0, because
// trackers count a peer with 0 bytes left as a seed.
const unknownLeft = swarm.BlockLen

// noPort is sent if we accept no connections. Some trackers take port 0 for the port that
// the packet came from, and nobody listens on port 1.
const noPort = 1

// A packet makes a request of a connection id and a transaction id.
type packet func(connection uint64, transaction uint32) []byte

// connectPacket is a connect request: https://www.bittorrent.org/beps/bep_0015.html#connect.
func connectPacket(_ uint64, transaction uint32) []byte {
	return appendHeader(nil, protocolID, actionConnect, transaction)
}

// appendHeader appends what every request begins with.
func appendHeader(dst []byte, connection uint64, action, transaction uint32) []byte {
	dst = binary.BigEndian.AppendUint64(dst, connection)
	dst = binary.BigEndian.AppendUint32(dst, action)
	return binary.BigEndian.AppendUint32(dst, transaction)
}

// An announceRequest has the fields of an announce.
type announceRequest struct {
	a       swarm.Announcement
	event   swarm.Event // in place of that of a
	want    int
	key     uint32
	ip      netip.Addr // sent if it is IPv4
	urlData string     // path and query of the announce URL
}

// packet makes the request: https://www.bittorrent.org/beps/bep_0015.html#announce. The
// layout is the same for IPv6, where the IP address must be 0.
func (q announceRequest) packet(connection uint64, transaction uint32) []byte {
	a := q.a
	b := make([]byte, 0, announceLength+len(q.urlData)+2*(len(q.urlData)/maxOption+1))
	b = appendHeader(b, connection, actionAnnounce, transaction)
	b = append(append(b, a.Swarm[:]...), a.Peer[:]...)
	left := a.Left
	if left < 0 {
		left = unknownLeft
	}
	for _, n := range []int64{a.Downloaded, left, a.Uploaded} {
		b = binary.BigEndian.AppendUint64(b, uint64(max(n, 0)))
	}
	b = binary.BigEndian.AppendUint32(b, eventNumber(q.event))
	var ip [4]byte
	if q.ip.Is4() {
		ip = q.ip.As4()
	}
	b = append(b, ip[:]...)
	b = binary.BigEndian.AppendUint32(b, q.key)
	b = binary.BigEndian.AppendUint32(b, uint32(min(max(q.want, 0), math.MaxInt32)))
	port := a.Port
	if port == 0 {
		port = noPort
	}
	b = binary.BigEndian.AppendUint16(b, port)
	return appendURLData(b, q.urlData)
}

// eventNumber returns the number of an event. One without a number is a regular announce.
func eventNumber(e swarm.Event) uint32 {
	switch e {
	case swarm.Completed:
		return 1
	case swarm.Started:
		return 2
	case swarm.Stopped:
		return 3
	}
	return 0
}

// appendURLData appends options with the path and query of the announce URL, 255 bytes in
// each: https://www.bittorrent.org/beps/bep_0041.html#option-types.
func appendURLData(dst []byte, data string) []byte {
	for len(data) > 0 {
		n := min(len(data), maxOption)
		dst = append(append(dst, optionURLData, byte(n)), data[:n]...)
		data = data[n:]
	}
	return dst
}

// scrapePacket returns what makes a scrape request for at most maxScrape swarms:
// https://www.bittorrent.org/beps/bep_0015.html#scrape.
func scrapePacket(ids []swarm.ID) packet {
	return func(connection uint64, transaction uint32) []byte {
		b := make([]byte, 0, 16+len(ids)*len(swarm.ID{}))
		b = appendHeader(b, connection, actionScrape, transaction)
		for _, id := range ids {
			b = append(b, id[:]...)
		}
		return b
	}
}
