package client

import (
	"context"
	"net/netip"

	"github.com/shoal-bt/shoal/metainfo"
	"github.com/shoal-bt/shoal/swarm"
)

// A peerRequest says which metadata peers are asked for, and where these peers come from.
type peerRequest struct {
	link     *metainfo.Magnet
	sources  []swarm.PeerSource
	peers    []netip.AddrPort        // that the user and the link name
	more     <-chan []netip.AddrPort // the same, while the fetch is under way
	progress func(FetchStats)        // gets each change
}

// A peerResult is what peers gave.
type peerResult struct {
	info  []byte      // that fits the link
	peers []foundPeer // that are known
	err   error       // why there is no info
}

// A foundPeer is the address of a peer and who named it.
type foundPeer struct {
	swarm.Address
	named   bool               // by the user or the link
	sources []swarm.PeerSource // these did
}

// close closes the connections that nobody took.
func (r *peerResult) close() {}

// askPeers gets metadata from peers. It waits for peers until ctx is done.
func (c *Client) askPeers(ctx context.Context, r peerRequest) peerResult {
	<-ctx.Done()
	return peerResult{err: context.Cause(ctx)}
}

// adopt goes on with the peers that a fetch knows. For a private torrent these are the peers
// that its own trackers named; all others are forgotten, see
// https://www.bittorrent.org/beps/bep_0027.html.
func (t *running) adopt(r peerResult) {
	for _, p := range r.peers {
		if t.mayMeet(p) {
			t.engine.AddPeers(p.Address)
		}
	}
}
