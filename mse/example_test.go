package mse_test

import (
	"context"
	"fmt"
	"io"
	"net"

	"github.com/shoal-bt/shoal/mse"
)

// Two peers of a torrent encrypt a connection in memory. The one that dialed has sent the beginning
// of what it has to say when that is done.
func Example() {
	ctx := context.Background()
	infoHash := [20]byte{1, 2, 3}
	a, b := net.Pipe()
	defer a.Close()
	defer b.Close()
	e := mse.Encryption{Payloads: mse.RC4}

	go func() {
		secured, err := e.Initiate(ctx, a, infoHash, []byte("hello, "))
		if err != nil {
			return
		}
		secured.Write([]byte("peer"))
	}()

	torrents := map[[20]byte][20]byte{e.Mark(infoHash): infoHash}
	secured, err := e.Accept(ctx, b, func(mark [20]byte) (id [20]byte, ok bool) {
		id, ok = torrents[mark]
		return id, ok
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	said := make([]byte, len("hello, peer"))
	io.ReadFull(secured, said)
	fmt.Printf("%s, by %v\n", said, secured.(*mse.Conn).Payload())
	// Output: hello, peer, by RC4
}
