package trackerserver

import (
	"context"
	"encoding/binary"
	"math/rand/v2"
	"net/netip"
	"testing"
)

// BenchmarkAnswer answers announces over UDP without a network.
func BenchmarkAnswer(b *testing.B) {
	r := newResponder(New(Config{}))
	const torrents, peers = 10_000, 100_000
	now := r.server.config.Now()
	var froms [64]netip.AddrPort
	var packets [64][]byte
	for i := range froms {
		froms[i] = netip.AddrPortFrom(ipv4Of(i), 1)
		packets[i] = announcePacket{peer: 1, left: 1, want: 50}.bytes(r.ids.id(froms[i].Addr(), now))
	}
	set := func(p []byte, i int) {
		binary.BigEndian.PutUint32(p[16:], uint32(i%torrents))
		binary.BigEndian.PutUint32(p[36:], uint32(i))
		binary.BigEndian.PutUint16(p[96:], uint16(1000+i/torrents))
	}
	out := make([]byte, 0, maxAnswer)
	for i := range peers {
		set(packets[i%64], i)
		r.answer(context.Background(), out, now, froms[i%64], packets[i%64])
	}
	random := rand.New(rand.NewPCG(1, 2))
	b.ReportAllocs()
	for b.Loop() {
		i := random.IntN(peers)
		set(packets[i%64], i)
		r.answer(context.Background(), out, now, froms[i%64], packets[i%64])
	}
}
