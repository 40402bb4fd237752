package dht

import (
	"context"
	"errors"
	"iter"
	"net/netip"
	"time"

	"github.com/shoal-bt/shoal/dht/item"
	"github.com/shoal-bt/shoal/dht/krpc"
	"github.com/shoal-bt/shoal/dht/node"
	"github.com/shoal-bt/shoal/dht/nodeid"
	"github.com/shoal-bt/shoal/swarm"
)

const (
	// AnnounceEvery is after how long an announce should be repeated. Nodes forget it
	// after 30 minutes.
	AnnounceEvery = 15 * time.Minute

	aloneAnnounce = 2 * time.Minute  // if we want something, and nobody else is there
	retryAnnounce = time.Minute      // if no node answers, at the latest
	bootstrapTime = 5 * time.Second  // until a bootstrap that is due has found others
	announceLimit = 50 * time.Second // of one call of Announce
)

// String names the source.
func (n *Node) String() string { return "DHT" }

// Announce implements swarm.PeerSource: it looks for peers, and tells the nodes nearest to
// the swarm's id that we are one if a.Port is not 0. The DHT has no message for leaving, so
// Stopped does nothing.
func (n *Node) Announce(ctx context.Context, a swarm.Announcement, found func(swarm.Address)) (swarm.Answer, error) {
	answer := swarm.Answer{Next: AnnounceEvery, Seeds: -1, Leechers: -1}
	err := ctx.Err()
	if err != nil {
		return answer, context.Cause(ctx)
	}
	if a.Event == swarm.Stopped {
		return answer, nil
	}
	r := node.Request{
		Method:      krpc.AnnouncePeer,
		Target:      nodeid.ID(a.Swarm),
		Port:        a.Port,
		ImpliedPort: n.config.ImpliedPort,
		Seed:        a.Left == 0,
		NoSeed:      a.Left == 0,
	}
	if a.Port == 0 {
		r.Method = krpc.GetPeers
	}
	limited, cancel := context.WithTimeout(ctx, announceLimit)
	defer cancel()
	var first netip.Addr
	isAlone := true // at most one address was found, which may be ours
	done, err := n.run(limited, r, r.Target, func(e node.Event) bool {
		p, ok := e.(node.PeersEvent)
		if ok {
			for _, addr := range p.Peers {
				if !first.IsValid() {
					first = addr.Addr()
				}
				isAlone = isAlone && addr.Addr() == first
				found(swarm.Address{AddrPort: addr})
			}
		}
		return ctx.Err() == nil
	})
	switch {
	case ctx.Err() != nil:
		return answer, context.Cause(ctx)
	case errors.Is(err, context.DeadlineExceeded):
		return answer, nil // it has come as far as it has
	case err == nil:
		err = errorOf(done)
	}
	switch {
	case err != nil:
		answer.Next = n.retryAfter()
	case isAlone && a.Left != 0:
		answer.Next = aloneAnnounce
	}
	return answer, err
}

// retryAfter returns after how long to announce again if no node answers: soon after the next
// bootstrap, which may find some.
func (n *Node) retryAfter() time.Duration {
	n.mu.Lock()
	defer n.mu.Unlock()
	wait := retryAnnounce
	for _, f := range n.families {
		if f.isAlone {
			wait = min(wait, max(time.Until(f.retryAt), 0)+bootstrapTime)
		}
	}
	return wait
}

// errorOf returns an error if no family has brought anything.
func errorOf(done []node.DoneEvent) (err error) {
	for _, d := range done {
		if d.Err == nil {
			return nil
		}
		err = d.Err
	}
	return err
}

// Peers looks for the peers of a hash and yields them as they are found, each once. At the
// end it may yield an error, with the zero AddrPort.
func (n *Node) Peers(ctx context.Context, hash nodeid.ID) iter.Seq2[netip.AddrPort, error] {
	return func(yield func(netip.AddrPort, error) bool) {
		seen := make(map[netip.AddrPort]bool)
		stopped := false
		done, err := n.run(ctx, node.Request{Method: krpc.GetPeers, Target: hash}, hash, func(e node.Event) bool {
			p, _ := e.(node.PeersEvent)
			for _, a := range p.Peers {
				if seen[a] {
					continue
				}
				seen[a] = true
				if !yield(a, nil) {
					stopped = true
					return false
				}
			}
			return true
		})
		if err == nil {
			err = errorOf(done)
		}
		if err != nil && !stopped {
			yield(netip.AddrPort{}, err)
		}
	}
}

// A Count is how many are in a swarm, as the nodes that store it count them (BEP 33).
type Count struct {
	Seeds, Peers float64 // Peers are no seeds
	Known        bool    // a node counted; the numbers are 0 if none did
}

// Scrape counts the peers of a hash.
func (n *Node) Scrape(ctx context.Context, hash nodeid.ID) (c Count, err error) {
	done, err := n.run(ctx, node.Request{Method: krpc.GetPeers, Target: hash, Scrape: true}, hash, func(node.Event) bool { return true })
	if err != nil {
		return c, err
	}
	for _, d := range done {
		c.Seeds, c.Peers, c.Known = c.Seeds+d.Seeds, c.Peers+d.Peers, c.Known || d.Scraped
	}
	return c, errorOf(done)
}

// Find returns the nodes nearest to a target that answer, up to 8 of each family.
func (n *Node) Find(ctx context.Context, target nodeid.ID) (all []krpc.Contact, err error) {
	done, err := n.run(ctx, node.Request{Method: krpc.FindNode, Target: target}, target, func(node.Event) bool { return true })
	if err != nil {
		return nil, err
	}
	for _, d := range done {
		all = append(all, d.Nodes...)
	}
	return all, errorOf(done)
}

// Ping asks one node whether it is there, and returns how long the answer took.
func (n *Node) Ping(ctx context.Context, addr netip.AddrPort) (time.Duration, error) {
	done, err := n.run(ctx, node.Request{Method: krpc.Ping, Addr: addr}, nodeid.ID{}, func(node.Event) bool { return true })
	if err != nil {
		return 0, err
	}
	if len(done) == 0 {
		return 0, ErrNoNodes // there is no socket of its family
	}
	return done[0].Took, errorOf(done)
}

// Samples are hashes of swarms that a node stores.
type Samples struct {
	From     netip.AddrPort
	Hashes   []nodeid.ID
	Num      int           // of all that it has
	Interval time.Duration // until it names others
}

// Sample asks nodes on the way to a target what they store (BEP 51). At the end it may
// yield an error, with zero Samples.
func (n *Node) Sample(ctx context.Context, target nodeid.ID) iter.Seq2[Samples, error] {
	return func(yield func(Samples, error) bool) {
		stopped := false
		done, err := n.run(ctx, node.Request{Method: krpc.SampleInfohashes, Target: target}, target, func(e node.Event) bool {
			s, ok := e.(node.SamplesEvent)
			if ok && !yield(Samples{s.From, s.Hashes, s.Num, s.Interval}, nil) {
				stopped = true
				return false
			}
			return true
		})
		if err == nil {
			err = errorOf(done)
		}
		if err != nil && !stopped {
			yield(Samples{}, err)
		}
	}
}

// Get returns the item of a target, checked. Of a mutable one, with its salt if it has one,
// that is the newest that any of the nearest nodes has. The error is ErrNotFound if none
// has it.
func (n *Node) Get(ctx context.Context, target nodeid.ID, salt []byte) (newest item.Item, err error) {
	isFound := false
	done, err := n.run(ctx, node.Request{Method: krpc.Get, Target: target, Salt: salt}, target, func(e node.Event) bool {
		i, ok := e.(node.ItemEvent)
		if ok && (!isFound || i.Item.Seq > newest.Seq) {
			newest, isFound = i.Item, true
		}
		return !isFound || newest.IsMutable() // nothing is newer than an immutable item
	})
	switch {
	case isFound:
		return newest, nil
	case err != nil:
		return newest, err
	}
	err = errorOf(done)
	if err == nil {
		err = ErrNotFound
	}
	return newest, err
}

// Put stores an item at the nodes nearest to its target, and returns how many took it or had
// it already. It should be repeated once an hour, or it expires after two. If cas is not nil,
// nodes that have another version than cas names refuse the item, except those that have an
// older one while others have the one named. The error is a *krpc.Error if all refused.
func (n *Node) Put(ctx context.Context, i item.Item, cas *int64) (stored int, err error) {
	err = i.Check()
	if err != nil {
		return 0, err
	}
	done, err := n.run(ctx, node.Request{Method: krpc.Put, Item: i, Cas: cas}, i.Target(), func(node.Event) bool { return true })
	for _, d := range done {
		stored += d.Stored
	}
	if err == nil && stored == 0 {
		err = errorOf(done)
	}
	return stored, err
}
