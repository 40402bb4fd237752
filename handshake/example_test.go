package handshake_test

import (
	"context"
	"errors"
	"fmt"
	"net"

	"github.com/shoal-bt/shoal/handshake"
)

// Two peers exchange handshakes over a connection in memory.
func Example() {
	swarm := [20]byte{1, 2, 3}
	a, b := net.Pipe()
	defer a.Close()
	defer b.Close()

	go handshake.Accept(context.Background(), b, func(theirs handshake.Handshake) (handshake.Handshake, error) {
		if theirs.InfoHash != swarm {
			return handshake.Handshake{}, errors.New("no such swarm here")
		}
		return handshake.Handshake{
			Reserved: handshake.Bits(handshake.Extended, handshake.Fast),
			PeerID:   [20]byte([]byte("-SH0001-abcdefghijkl")),
		}, nil
	}, handshake.Options{})

	theirs, err := handshake.Initiate(context.Background(), a, handshake.Handshake{
		InfoHash: swarm,
		PeerID:   [20]byte([]byte("-SH0001-mnopqrstuvwx")),
	}, handshake.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%q understands: %s\n", theirs.PeerID, theirs.Reserved)
	// Output: "-SH0001-abcdefghijkl" understands: extended, fast
}
