// Package peerid makes peer IDs.
//
// In comes a prefix; out goes an ID of this run with random letters and digits behind the prefix.
package peerid

import (
	"crypto/rand"
	"errors"

	"github.com/shoal-bt/shoal/swarm"
)

// New makes a peer ID in the style of BEP 20,
// https://www.bittorrent.org/beps/bep_0020.html.
func New(prefix string) (id swarm.PeerID, err error) {
	const letters = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	if prefix == "" {
		prefix = "-SL0010-"
	}
	if len(prefix) > len(id) {
		return id, errors.New("it is longer than 20 bytes; shorten it")
	}
	n := copy(id[:], prefix)
	rand.Read(id[n:])
	for i := n; i < len(id); i++ {
		id[i] = letters[int(id[i])%len(letters)]
	}
	return id, nil
}
