package dht

import (
	"errors"

	"github.com/shoal-bt/shoal/bencode"
	"github.com/shoal-bt/shoal/dht/krpc"
	"github.com/shoal-bt/shoal/dht/nodeid"
)

// maxSaved is how many nodes of a family are saved.
const maxSaved = 200

// Saved is what a node knows that is worth keeping: its ids, and nodes that were there.
type Saved struct {
	ID4, ID6 nodeid.ID
	Nodes    []krpc.Contact // of both families
}

// AppendTo appends it as bencode, to be written to a file.
func (s Saved) AppendTo(dst []byte) []byte {
	m := krpc.Message{Kind: krpc.Response, Transaction: []byte("saved"), ID: s.ID4, Nodes: s.Nodes, HasNodes: true, Token: s.ID6[:]}
	return m.AppendTo(dst)
}

// ParseSaved reads what AppendTo has written.
func ParseSaved(b []byte) (s Saved, err error) {
	v, err := bencode.Scan(b, bencode.Options{MaxDepth: 4, MaxTokens: 100})
	if err != nil {
		return Saved{}, err
	}
	r, err := v.GetDict("r")
	if err != nil {
		return Saved{}, err
	}
	id4, err := r.GetBytes("id")
	if err != nil {
		return Saved{}, err
	}
	id6, err := r.GetBytes("token")
	if err != nil {
		return Saved{}, err
	}
	if len(id4) != len(s.ID4) || len(id6) != len(s.ID6) {
		return Saved{}, errors.New("dht: an id that was saved has a wrong length")
	}
	s.ID4, s.ID6 = nodeid.ID(id4), nodeid.ID(id6)
	for _, key := range []string{"nodes", "nodes6"} {
		nodes, _ := r.GetBytes(key)
		s.Nodes = append(s.Nodes, krpc.ParseNodes(nodes, key == "nodes6")...)
	}
	s.Nodes = s.Nodes[:min(len(s.Nodes), 2*maxSaved)]
	return s, nil
}
