package trackerserver

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/shoal-bt/shoal/swarm"
	"github.com/stretchr/testify/require"
)

// A udpClient sends packets to a responder as if from an address.
type udpClient struct {
	r    *responder
	now  func() time.Time
	from netip.AddrPort
	id   uint64 // connection ID
}

// clientFrom returns a client that has a connection ID.
func clientFrom(t *testing.T, r *responder, from string) *udpClient {
	t.Helper()
	c := &udpClient{r: r, now: r.server.config.Now, from: netip.MustParseAddrPort(from)}
	c.connect(t)
	return c
}

func (c *udpClient) send(packet []byte) []byte {
	return c.r.answer(context.Background(), nil, c.now(), c.from, packet)
}

func (c *udpClient) connect(t *testing.T) {
	t.Helper()
	answer := c.send(requestPacket(protocolID, actionConnect))
	require.Len(t, answer, 16)
	require.Equal(t, "00000000"+"01020304", hex.EncodeToString(answer[:8]))
	c.id = binary.BigEndian.Uint64(answer[8:])
}

// requestPacket returns the beginning of a request, whose transaction ID is 0x01020304.
func requestPacket(id uint64, action uint32) []byte {
	return binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint64(nil, id), action), 0x01020304)
}

// An announcePacket is the announce of a leecher with port 1000 + peer.
type announcePacket struct {
	peer    int
	left    uint64
	event   uint32
	ip      string
	want    int32
	options string
}

func (c *udpClient) announce(a announcePacket) []byte { return c.send(a.bytes(c.id)) }

func (a announcePacket) bytes(id uint64) []byte {
	b := requestPacket(id, actionAnnounce)
	b = append(append(b, someSwarm[:]...), fmt.Sprintf("%020d", a.peer)...)
	for _, n := range []uint64{1, a.left, 2} {
		b = binary.BigEndian.AppendUint64(b, n)
	}
	b = binary.BigEndian.AppendUint32(b, a.event)
	ip := netip.IPv4Unspecified()
	if a.ip != "" {
		ip = netip.MustParseAddr(a.ip)
	}
	b = append(b, ip.AsSlice()...)
	b = binary.BigEndian.AppendUint32(b, 0x0badcafe) // key
	b = binary.BigEndian.AppendUint32(b, uint32(a.want))
	b = binary.BigEndian.AppendUint16(b, uint16(1000+a.peer))
	return append(b, a.options...)
}

func (c *udpClient) scrape(ids ...swarm.ID) []byte {
	b := requestPacket(c.id, actionScrape)
	for _, id := range ids {
		b = append(b, id[:]...)
	}
	return c.send(b)
}

// header of an answer: action, transaction ID.
func headerOf(action int) string { return fmt.Sprintf("%08x01020304", action) }

// errorOf returns the text of an error packet.
func errorOf(t *testing.T, answer []byte) string {
	t.Helper()
	require.Greater(t, len(answer), 8)
	require.Equal(t, headerOf(actionError), hex.EncodeToString(answer[:8]))
	return string(answer[8:])
}

func responderOf(c Config) (*responder, *clock) {
	k := newClock()
	c.Now = k.now
	return newResponder(New(c)), k
}
