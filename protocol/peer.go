package protocol

import "github.com/shoal-bt/shoal/protocol/peers"

// A peer is what the State knows of one connection.
type peer = peers.Peer
