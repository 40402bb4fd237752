package connect_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net"

	"github.com/shoal-bt/shoal/connect"
	"github.com/shoal-bt/shoal/handshake"
	"github.com/shoal-bt/shoal/swarm"
)

// Two peers meet. The second dials in a swarm that the first does not have, too.
func Example() {
	ctx := context.Background()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	defer l.Close()

	first := connect.New(connect.Options{})
	defer first.Close()
	go func() {
		for {
			socket, err := l.Accept()
			if err != nil {
				return
			}
			conn, err := first.Accept(ctx, socket, func(theirs handshake.Handshake) (handshake.Handshake, error) {
				if theirs.InfoHash != (swarm.ID{1}) {
					return handshake.Handshake{}, connect.ErrNoTorrent
				}
				return handshake.Handshake{PeerID: swarm.PeerID{'a'}, Reserved: handshake.Bits(handshake.Fast)}, nil
			})
			if err == nil {
				conn.Write([]byte("hello"))
				conn.Close()
			}
		}
	}()

	second := connect.New(connect.Options{})
	defer second.Close()
	for _, id := range []swarm.ID{{1}, {2}} {
		conn, err := second.Dial(ctx, connect.Request{
			Addr: connect.AddrPort(l.Addr()),
			Ours: handshake.Handshake{InfoHash: id, PeerID: swarm.PeerID{'b'}, Reserved: handshake.Bits(handshake.Fast)},
		})
		var failed *connect.Error
		if errors.As(err, &failed) {
			fmt.Println(failed.Why)
			continue
		}
		var p [5]byte
		conn.Read(p[:])
		fmt.Println(string(p[:]), conn.Supports(handshake.Fast))
		conn.Close()
	}
	// Output:
	// hello true
	// the peer closed the connection in the handshake
}
