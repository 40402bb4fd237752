package manager_test

import (
	"context"
	"fmt"
	"net"

	"github.com/shoal-bt/shoal/peerwire"
	"github.com/shoal-bt/shoal/peerwire/manager"
)

// A peer sends a message and closes its connection, which is in memory here.
func Example() {
	m := manager.New(manager.Config{})
	defer m.Close()

	near, far := net.Pipe()
	defer far.Close()
	peer, err := m.Add(near, manager.PeerInfo{}, peerwire.Limits{})
	if err != nil {
		fmt.Println(err)
		return
	}
	go peerwire.NewWriter(far).Write(peerwire.Message{Kind: peerwire.Have, Piece: 3})

	e, err := m.Receive(context.Background())
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(e.Peer == peer, e.Message.Kind, e.Message.Piece)

	far.Close()
	e, err = m.Receive(context.Background())
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(e.Err)
	// Output:
	// true have 3
	// manager: peer 1: the connection ended: EOF
}
