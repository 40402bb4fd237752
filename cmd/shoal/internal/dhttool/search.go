package dhttool

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"math"
	"net"
	"net/netip"
	"strconv"
	"strings"

	"github.com/shoal-bt/shoal/cmd/shoal/internal/advice"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/quantity"
	"github.com/shoal-bt/shoal/dht"
	"github.com/shoal-bt/shoal/dht/nodeid"
	"github.com/shoal-bt/shoal/metainfo"
	"github.com/shoal-bt/shoal/swarm"
)

// swarmsOf returns the swarms of a link: those of its hashes, or of the torrent that its key
// names now.
func swarmsOf(ctx context.Context, n *dht.Node, link *metainfo.Magnet) ([]swarm.ID, error) {
	if ids := link.IDs(); len(ids) > 0 {
		return ids, nil
	}
	v, err := n.Resolve(ctx, feedOf(link))
	if err != nil {
		return nil, missing(err)
	}
	return []swarm.ID{v.Hash}, nil
}

// feedOf returns where the hashes of a link with a key are published.
func feedOf(link *metainfo.Magnet) dht.Feed { return dht.Feed{Key: link.PublicKey, Salt: link.Salt} }

// Peers finds peers of a torrent.
type Peers struct {
	Torrent string `arg:"" help:"A .torrent file, a magnet link or an info hash."`
	Network
}

// Help is shown below the usage.
func (Peers) Help() string {
	return `Addresses are printed as they are found. Nothing is announced, so peers do not learn of you. The exit code is 1 if there are none.

Examples:

    shoal dht peers some.torrent
    shoal dht peers 0123456789abcdef0123456789abcdef01234567 --json | jq -r .peer`
}

// peerJSON is the JSON object of a peer.
type peerJSON struct {
	Event   string `json:"event"`   // "peer"
	Torrent string `json:"torrent"` // info hash
	Peer    string `json:"peer"`    // address
}

// Run prints the peers.
func (cmd Peers) Run(ctx context.Context, p *Program) error {
	link, err := p.Link(ctx, cmd.Torrent)
	if err != nil {
		return err
	}
	return cmd.ask(ctx, p, func(ctx context.Context, n *dht.Node) error {
		ids, err := swarmsOf(ctx, n, link)
		if err != nil {
			return err
		}
		found := 0
		for _, id := range ids {
			for addr, err := range n.Peers(ctx, nodeid.ID(id)) {
				if errors.Is(err, errTimeout) && found > 0 {
					p.Warn("the search was not over after %v; there may be more peers", cmd.Timeout)
					return nil
				}
				if err != nil {
					return err
				}
				found++
				p.Emit(peerJSON{"peer", id.String(), addr.String()})
				p.Say("%s", addr)
			}
		}
		if found == 0 {
			return advice.New(errors.New("nobody announces this torrent in the DHT"), "Ask its trackers, if it has some, or try again later.")
		}
		return nil
	})
}

// Scrape counts the peers of a torrent.
type Scrape struct {
	Torrent string `arg:"" help:"A .torrent file, a magnet link or an info hash."`
	Network
}

// Help is shown below the usage.
func (Scrape) Help() string {
	return `The numbers are estimates, which nodes make of the peers that announced themselves in the last half an hour. Nothing is announced.

Examples:

    shoal dht scrape some.torrent
    shoal dht scrape some.torrent --json | jq .seeds`
}

// countJSON is the JSON object of the size of a swarm.
type countJSON struct {
	Event    string `json:"event"`   // "scraped"
	Torrent  string `json:"torrent"` // info hash
	Seeds    int    `json:"seeds"`
	Leechers int    `json:"leechers"`
}

// Run prints the counts.
func (cmd Scrape) Run(ctx context.Context, p *Program) error {
	link, err := p.Link(ctx, cmd.Torrent)
	if err != nil {
		return err
	}
	return cmd.ask(ctx, p, func(ctx context.Context, n *dht.Node) error {
		ids, err := swarmsOf(ctx, n, link)
		if err != nil {
			return err
		}
		for _, id := range ids {
			count, err := n.Scrape(ctx, nodeid.ID(id))
			if err != nil {
				return err
			}
			seeds, leechers := int(math.Round(count.Seeds)), int(math.Round(count.Peers))
			p.Emit(countJSON{"scraped", id.String(), seeds, leechers})
			if seeds+leechers == 0 {
				p.Say("%s  nobody announces it", id)
				continue
			}
			p.Say("%s  about %s, %s", id, quantity.Count(seeds, "seed"), quantity.Count(leechers, "leecher"))
		}
		return nil
	})
}

// Sample lists torrents that nodes know peers of.
type Sample struct {
	Where string `arg:"" optional:"" help:"A node, HOST:PORT, which alone is asked; or an info hash, a .torrent file or a magnet link, to ask nodes near to it (default: nodes near to a random target)."`
	Network
}

// Help is shown below the usage.
func (Sample) Help() string {
	return `Nodes name some of the info hashes of which they know peers. Not every node does.

Examples:

    shoal dht sample
    shoal dht sample router.example:6881
    shoal dht sample --json | jq -r '.torrents[]'`
}

// sampleJSON is the JSON object of the torrents that a node named.
type sampleJSON struct {
	Event    string   `json:"event"`    // "sample"
	Node     string   `json:"node"`     // address
	Torrents []string `json:"torrents"` // info hashes
	Total    int      `json:"total"`    // that the node has
	Interval int64    `json:"interval"` // until it names others, in seconds
}

// Run prints the samples.
func (cmd Sample) Run(ctx context.Context, p *Program) error {
	if isAddress(cmd.Where) {
		return cmd.askOne(ctx, cmd.Where, func(ctx context.Context, n *dht.Node, addr netip.AddrPort) error {
			s, err := n.SampleOf(ctx, addr)
			if err != nil {
				return err
			}
			if !s.From.IsValid() {
				return advice.New(fmt.Errorf("%s answered, but names no torrents", addr), "Ask another node; not every program can do that.")
			}
			showSample(p, s)
			return nil
		})
	}
	link := (*metainfo.Magnet)(nil)
	if cmd.Where != "" {
		var err error
		link, err = p.Link(ctx, cmd.Where)
		if err != nil {
			return err
		}
	}
	return cmd.ask(ctx, p, func(ctx context.Context, n *dht.Node) error {
		if link == nil {
			return cmd.search(ctx, p, n, randomTarget())
		}
		ids, err := swarmsOf(ctx, n, link)
		if err != nil {
			return err
		}
		return cmd.search(ctx, p, n, nodeid.ID(ids[0]))
	})
}

// isAddress reports whether a text is HOST:PORT, and no path or link.
func isAddress(text string) bool {
	host, port, err := net.SplitHostPort(text)
	_, badPort := strconv.ParseUint(port, 10, 16)
	return err == nil && badPort == nil && !strings.ContainsAny(host, `/\`)
}

func randomTarget() (target nodeid.ID) {
	rand.Read(target[:])
	return target
}

// search asks the nodes on the way to a target.
func (cmd Sample) search(ctx context.Context, p *Program, n *dht.Node, target nodeid.ID) error {
	seen := make(map[nodeid.ID]bool)
	nodes := 0
	for s, err := range n.Sample(ctx, target) {
		if errors.Is(err, errTimeout) && len(seen) > 0 {
			break
		}
		if err != nil {
			return err
		}
		if len(s.Hashes) == 0 {
			continue
		}
		nodes++
		for _, h := range s.Hashes {
			seen[h] = true
		}
		showSample(p, s)
	}
	if nodes == 0 {
		return errors.New("none of the nodes that were asked names a torrent")
	}
	p.Say("%s named %s.", quantity.Count(nodes, "node"), quantity.Count(len(seen), "torrent"))
	return nil
}

// showSample prints what a node named.
func showSample(p *Program, s dht.Samples) {
	interval := max(s.Interval, 0)
	o := sampleJSON{
		Event:    "sample",
		Node:     s.From.String(),
		Torrents: []string{},
		Total:    max(s.Num, len(s.Hashes)),
		Interval: quantity.Seconds(interval),
	}
	for _, h := range s.Hashes {
		o.Torrents = append(o.Torrents, h.String())
	}
	p.Emit(o)
	next := ""
	if o.Total > len(o.Torrents) && interval > 0 {
		next = fmt.Sprintf(", and names others in %s", quantity.About(interval))
	}
	p.Say("%s knows %s%s", s.From, quantity.Count(o.Total, "torrent"), next)
	for _, h := range o.Torrents {
		p.Say("  %s", h)
	}
}

// Nodes finds the nodes nearest to a target.
type Nodes struct {
	Target string `arg:"" help:"40 hexadecimal digits, such as an info hash or the id of a node; or a .torrent file or a magnet link."`
	Network
}

// Help is shown below the usage.
func (Nodes) Help() string {
	return `The nearest nodes store what is put or announced under the target. Up to 8 of IPv4 and 8 of IPv6 are printed, the nearest first.

Examples:

    shoal dht nodes 0123456789abcdef0123456789abcdef01234567`
}

// nodeJSON is the JSON object of a node.
type nodeJSON struct {
	Event  string `json:"event"`  // "node"
	Target string `json:"target"` // 40 hexadecimal digits
	Node   string `json:"node"`   // address
	ID     string `json:"id"`     // 40 hexadecimal digits
}

// Run prints the nodes.
func (cmd Nodes) Run(ctx context.Context, p *Program) error {
	link, err := p.Link(ctx, cmd.Target)
	if err != nil {
		return err
	}
	return cmd.ask(ctx, p, func(ctx context.Context, n *dht.Node) error {
		ids, err := swarmsOf(ctx, n, link)
		if err != nil {
			return err
		}
		for _, id := range ids {
			all, err := n.Find(ctx, nodeid.ID(id))
			if err != nil {
				return err
			}
			for _, c := range all {
				p.Emit(nodeJSON{"node", id.String(), c.Addr.String(), c.ID.String()})
				p.Say("%s  %s", c.ID, c.Addr)
			}
		}
		return nil
	})
}
