package dht

import (
	"context"
	"net/netip"
	"time"

	"github.com/shoal-bt/shoal/dht/krpc"
	"github.com/shoal-bt/shoal/dht/node"
	"github.com/shoal-bt/shoal/dht/nodeid"
)

// An Identity is what a node says of itself.
type Identity struct {
	ID      nodeid.ID
	Version string        // of its program, as it sent it: any bytes, up to 32; empty for none
	Took    time.Duration // until the answer
}

// Identify asks one node who it is. The node needs no others for that, so it does not wait
// for the bootstrap. The error is ErrNoNodes if no answer comes, or if there is no socket of
// the address's family.
func (n *Node) Identify(ctx context.Context, addr netip.AddrPort) (Identity, error) {
	done, err := n.askOne(ctx, node.Request{Method: krpc.Ping, Addr: addr}, func(node.Event) bool { return true })
	if err != nil {
		return Identity{}, err
	}
	return Identity{ID: done.Nodes[0].ID, Version: done.Version, Took: done.Took}, nil
}

// SampleOf asks one node what it stores (BEP 51), without a bootstrap. Samples.From is zero
// if the node answered but names no samples. The error is ErrNoNodes if no answer comes, and
// a *krpc.Error if the node refuses.
func (n *Node) SampleOf(ctx context.Context, addr netip.AddrPort) (samples Samples, err error) {
	r := node.Request{Method: krpc.SampleInfohashes, Addr: addr}
	_, err = n.askOne(ctx, r, func(e node.Event) bool {
		s, ok := e.(node.SamplesEvent)
		if ok {
			samples = Samples{s.From, s.Hashes, s.Num, s.Interval}
		}
		return true
	})
	return samples, err
}

// askOne carries a request out that asks one node.
func (n *Node) askOne(ctx context.Context, r node.Request, each func(node.Event) bool) (node.DoneEvent, error) {
	r.Addr = netip.AddrPortFrom(r.Addr.Addr().Unmap().WithZone(""), r.Addr.Port())
	if !r.Addr.IsValid() || r.Addr.Port() == 0 {
		return node.DoneEvent{}, ErrNoNodes
	}
	done, err := n.run(ctx, r, r.Target, each)
	switch {
	case err != nil:
		return node.DoneEvent{}, err
	case len(done) == 0: // there is no socket of its family
		return node.DoneEvent{}, ErrNoNodes
	}
	return done[0], done[0].Err
}
