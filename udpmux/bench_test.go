package udpmux_test

import (
	"net"
	"net/netip"
	"testing"

	"github.com/shoal-bt/shoal/udpmux"
)

// BenchmarkMux sends datagrams over loopback to the last of three users, one at a time.
// BenchmarkSocket does the same without a Mux.
func BenchmarkMux(b *testing.B) {
	mux := udpmux.New(listen(b), udpmux.Config{})
	defer mux.Close()
	mux.Open(udpmux.KRPC)
	mux.Open(udpmux.TrackerAnswer)
	c, err := mux.Open(udpmux.UTP)
	if err != nil {
		b.Fatal(err)
	}
	exchange(b, c)
}

func BenchmarkSocket(b *testing.B) {
	c := listen(b)
	defer c.Close()
	exchange(b, c)
}

func listen(b *testing.B) *net.UDPConn {
	c, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		b.Fatal(err)
	}
	return c
}

// A conn is what both kinds of sockets have.
type conn interface {
	net.PacketConn
	ReadFromUDPAddrPort(b []byte) (int, netip.AddrPort, error)
	WriteToUDPAddrPort(b []byte, to netip.AddrPort) (int, error)
}

func exchange(b *testing.B, c conn) {
	to := c.LocalAddr().(*net.UDPAddr).AddrPort()
	datagram := make([]byte, 1400)
	datagram[0] = 0x01 // uTP's data
	in := make([]byte, 1500)
	b.SetBytes(int64(len(datagram)))
	b.ReportAllocs()
	for b.Loop() {
		_, err := c.WriteToUDPAddrPort(datagram, to)
		if err != nil {
			b.Fatal(err)
		}
		n, _, err := c.ReadFromUDPAddrPort(in)
		if err != nil || n != len(datagram) {
			b.Fatal(n, err)
		}
	}
}
