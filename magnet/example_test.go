package magnet_test

import (
	"context"
	"crypto/sha1"
	"fmt"
	"log"
	"net"
	"net/netip"

	"github.com/shoal-bt/shoal/connect"
	"github.com/shoal-bt/shoal/handshake"
	"github.com/shoal-bt/shoal/magnet"
	"github.com/shoal-bt/shoal/peerwire"
	"github.com/shoal-bt/shoal/swarm"
)

// A peer on this computer has the metadata. A magnet link would have the hash, and a
// tracker or the link the address.
func Example() {
	info := []byte("d6:lengthi5e4:name5:hello12:piece lengthi16384e6:pieces20:aaaaaaaaaaaaaaaaaaaae")
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	defer listener.Close()
	go seed(listener, info)

	result, err := magnet.Fetch(context.Background(), magnet.Options{
		HashV1:    sha1.Sum(info),
		Connector: connect.New(connect.Options{}),
		PeerID:    swarm.PeerID{1},
		Peers:     []swarm.Address{{AddrPort: netip.MustParseAddrPort(listener.Addr().String())}},
	})
	if err != nil {
		log.Fatal(err)
	}
	for _, c := range result.Conns {
		c.Close()
	}
	fmt.Println(len(result.Info), "bytes from", len(result.Conns), "peer")
	// Output: 79 bytes from 1 peer
}

// seed is a peer that sends the metadata once.
func seed(l net.Listener, info []byte) {
	c, err := l.Accept()
	if err != nil {
		return
	}
	_, err = handshake.Accept(context.Background(), c, func(handshake.Handshake) (handshake.Handshake, error) {
		return handshake.Handshake{PeerID: [20]byte{2}, Reserved: handshake.Bits(handshake.Extended)}, nil
	}, handshake.Options{})
	if err != nil {
		return
	}
	w := peerwire.NewWriter(c)
	ours := peerwire.ExtendedHandshake{M: peerwire.Extensions{peerwire.MetadataName: 1}, MetadataSize: len(info)}
	w.Write(peerwire.Message{Kind: peerwire.Extended, Data: ours.AppendTo(nil)})
	r := peerwire.NewReader(c, peerwire.Limits{})
	var theirs peerwire.ExtendedHandshake
	for {
		m, err := r.Next()
		if err != nil {
			return
		}
		if m.ExtID == 0 {
			theirs, _ = peerwire.ParseExtendedHandshake(m.Data)
			continue
		}
		number, _ := theirs.M.ID(peerwire.MetadataName)
		answer := peerwire.MetadataMessage{Type: peerwire.MetadataData, TotalSize: len(info), Data: info}
		w.Write(peerwire.Message{Kind: peerwire.Extended, ExtID: number, Data: answer.AppendTo(nil)})
	}
}
