package udpmux_test

import (
	"fmt"
	"net"

	"github.com/shoal-bt/shoal/udpmux"
)

// Two protocols share a socket. What is for one is not seen by the other.
func Example() {
	socket, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	mux := udpmux.New(socket, udpmux.Config{})
	defer mux.Close()
	dht, _ := mux.Open(udpmux.KRPC)
	trackers, _ := mux.Open(udpmux.TrackerAnswer)

	other, err := net.Dial("udp4", mux.LocalAddr().String())
	if err != nil {
		panic(err)
	}
	defer other.Close()
	other.Write([]byte("d1:y1:qe"))
	other.Write([]byte("\x00\x00\x00\x03\x00\x00\x00\x07full"))

	b := make([]byte, 1500)
	n, _, _ := trackers.ReadFrom(b)
	fmt.Printf("trackers: %s\n", b[8:n])
	n, _, _ = dht.ReadFrom(b)
	fmt.Printf("dht: %s\n", b[:n])
	// Output:
	// trackers: full
	// dht: d1:y1:qe
}
