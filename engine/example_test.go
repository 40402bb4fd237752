package engine_test

import (
	"bytes"
	"context"
	"crypto/sha1"
	"fmt"
	"log"
	"net"

	"github.com/shoal-bt/shoal/engine"
	"github.com/shoal-bt/shoal/swarm"
)

// inOrder is a small Picker: the lowest blocks first, each of one peer only.
type inOrder struct {
	geometry swarm.Geometry
	have     map[swarm.Peer]swarm.Bitfield
	asked    map[swarm.Block]swarm.Peer
	here     map[swarm.Block]bool
}

func newInOrder(g swarm.Geometry) *inOrder {
	return &inOrder{g, map[swarm.Peer]swarm.Bitfield{}, map[swarm.Block]swarm.Peer{}, map[swarm.Block]bool{}}
}

func (o *inOrder) Join(p swarm.Peer, have swarm.Bitfield) { o.have[p] = have.Clone() }

func (o *inOrder) Have(p swarm.Peer, piece int, has bool) {
	if b := o.have[p]; b != nil && has {
		b.Set(piece)
	}
}

func (o *inOrder) Leave(p swarm.Peer) {
	delete(o.have, p)
	for b, q := range o.asked {
		o.Drop(q, b)
	}
}

func (o *inOrder) Wants(p swarm.Peer) bool {
	for i := range o.geometry.Pieces() {
		for b := range o.geometry.Blocks(i) {
			if o.have[p].Has(i) && !o.here[b] {
				return true
			}
		}
	}
	return false
}

func (o *inOrder) Pick(dst []swarm.Block, a swarm.Ask) []swarm.Block {
	for i := range o.geometry.Pieces() {
		for b := range o.geometry.Blocks(i) {
			_, asked := o.asked[b]
			if len(dst) < a.MaxBlocks && o.have[a.Peer].Has(i) && !asked && !o.here[b] {
				o.asked[b] = a.Peer
				dst = append(dst, b)
			}
		}
	}
	return dst
}

func (o *inOrder) Drop(p swarm.Peer, b swarm.Block) {
	if o.asked[b] == p {
		delete(o.asked, b)
	}
}

func (o *inOrder) Arrive(dst []swarm.Peer, _ swarm.Peer, b swarm.Block) ([]swarm.Peer, bool) {
	missing := !o.here[b]
	o.here[b] = true
	delete(o.asked, b)
	return dst, missing
}

func (o *inOrder) Held(piece int) {
	for b := range o.geometry.Blocks(piece) {
		o.here[b] = true
	}
}

func (o *inOrder) Lose(piece int, _ []int) {
	for b := range o.geometry.Blocks(piece) {
		delete(o.here, b)
	}
}

// checker returns a function that checks pieces by their bytes, in the place of
// hashes.
func checker(geometry swarm.Geometry, content []byte) func([]swarm.Verdict) {
	return func(batch []swarm.Verdict) {
		for i := range batch {
			v := &batch[i]
			var piece []byte
			for k, b := range v.Blocks {
				if b == nil { // it lies in the storage
					at := geometry.Block(v.Piece, k)
					b = make([]byte, at.Length)
					v.Stored.ReadAt(b, geometry.Offset(at))
				}
				piece = append(piece, b...)
			}
			off := int64(v.Piece) * geometry.PieceLength
			v.OK = bytes.Equal(piece, content[off:off+int64(len(piece))])
		}
	}
}

// A torrent of two pieces goes from one engine to another.
func Example() {
	content := bytes.Repeat([]byte("All the world's a stage. "), 5000)
	geometry := swarm.Geometry{Length: int64(len(content)), PieceLength: 1 << 16}
	id := swarm.ID(sha1.Sum(content))
	spec := func(storage swarm.Storage) engine.Spec {
		return engine.Spec{
			Swarms: []swarm.ID{id}, Geometry: geometry, Verify: checker(geometry, content), Storage: storage,
			NewPicker: func() swarm.Picker { return newInOrder(geometry) },
		}
	}

	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	seed, err := engine.New(engine.Config{Listeners: []net.Listener{listener}})
	if err != nil {
		log.Fatal(err)
	}
	defer seed.Close()
	whole := swarm.NewMemory(geometry.Length)
	whole.WriteAt(content, 0)
	s := spec(whole)
	s.Check = swarm.Bitfield{0b11000000} // it has two pieces, if they are right
	t, err := seed.Add(s)
	if err != nil {
		log.Fatal(err)
	}
	if err := t.Wait(context.Background()); err != nil {
		log.Fatal(err)
	}

	leech, err := engine.New(engine.Config{})
	if err != nil {
		log.Fatal(err)
	}
	defer leech.Close()
	s = spec(swarm.NewMemory(geometry.Length))
	s.Sources = []swarm.PeerSource{swarm.List{{AddrPort: seed.Addrs()[0]}}}
	t, err = leech.Add(s)
	if err != nil {
		log.Fatal(err)
	}
	if err := t.Wait(context.Background()); err != nil {
		log.Fatal(err)
	}
	p := make([]byte, 23)
	t.ReadAt(p, 100_000)
	fmt.Printf("%d bytes, among them: %s\n", t.Stats().Down.Total, p)
	// Output: 125000 bytes, among them: All the world's a stage
}
