package udptracker_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"net"

	"github.com/shoal-bt/shoal/swarm"
	"github.com/shoal-bt/shoal/udptracker"
)

// serve is a tracker that knows one peer of every swarm. It answers until c is closed.
func serve(c net.PacketConn) {
	b := make([]byte, 1500)
	for {
		n, from, err := c.ReadFrom(b)
		if err != nil {
			return
		}
		if n < 16 {
			continue
		}
		answer := append([]byte(nil), b[8:16]...) // action and transaction id
		switch answer[3] {
		case 0: // connect
			answer = binary.BigEndian.AppendUint64(answer, 0x1234)
		case 1: // announce: interval, leechers, seeds, peers
			for _, n := range []uint32{1800, 0, 1} {
				answer = binary.BigEndian.AppendUint32(answer, n)
			}
			answer = append(answer, 96, 126, 104, 219, 0x1a, 0xe9)
		}
		c.WriteTo(answer, from)
	}
}

func Example() {
	server, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer server.Close()
	go serve(server)

	trackers := udptracker.NewTrackers(udptracker.Config{})
	defer trackers.Close()
	tracker, err := trackers.New("udp://" + server.LocalAddr().String() + "/announce")
	if err != nil {
		fmt.Println(err)
		return
	}
	answer, err := tracker.Announce(context.Background(), swarm.Announcement{
		Swarm: swarm.ID{1, 2, 3},
		Peer:  swarm.PeerID([]byte("-SH0100-123456789012")),
		Port:  6881,
		Event: swarm.Started,
		Want:  50,
		Left:  1 << 20,
	}, func(p swarm.Address) { fmt.Println("peer", p) })
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("again in", answer.Next, "- seeds:", answer.Seeds)
	// Output:
	// peer 96.126.104.219:6889
	// again in 30m0s - seeds: 1
}
