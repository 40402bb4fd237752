package dht_test

import (
	"context"
	"crypto/sha1"
	"fmt"
	"net"

	"github.com/shoal-bt/shoal/dht"
	"github.com/shoal-bt/shoal/dht/nodeid"
	"github.com/shoal-bt/shoal/swarm"
)

// Three programs that never heard of each other meet by the name of a room. On the
// Internet they would begin with dht.DefaultRouters; here the first is all that the others
// know.
func Example() {
	room := sha1.Sum([]byte("chess players of Ulm"))
	open := func(nodes ...string) (*dht.Node, string) {
		conn, err := net.ListenPacket("udp4", "127.0.0.1:0")
		if err != nil {
			panic(err)
		}
		n, err := dht.Open(dht.Config{Conn4: conn, Nodes: nodes, Routers: []string{}})
		if err != nil {
			panic(err)
		}
		return n, conn.LocalAddr().String()
	}
	ctx := context.Background()
	first, address := open()
	defer first.Close()
	anna, _ := open(address)
	defer anna.Close()
	ben, _ := open(address)
	defer ben.Close()
	_, err := anna.Announce(ctx, swarm.Announcement{Swarm: swarm.ID(room), Port: 7001}, func(swarm.Address) {})
	fmt.Println("announced:", err == nil)
	for a := range ben.Peers(ctx, nodeid.ID(room)) {
		fmt.Println("in the room:", a)
	}
	// Output:
	// announced: true
	// in the room: 127.0.0.1:7001
}
