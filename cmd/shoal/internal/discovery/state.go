package discovery

import (
	"errors"

	"github.com/shoal-bt/shoal/client"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/message"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/quantity"
	"github.com/shoal-bt/shoal/dht"
)

// A State is how finding peers without trackers goes.
type State struct {
	On  bool // the DHT may be used
	DHT client.DHTStats
}

// Text says in a few words what finds peers of a torrent beside its trackers, or why nothing does.
func (s State) Text(private bool) string {
	switch {
	case private:
		return "private: no DHT"
	case !s.On:
		return "DHT: off"
	case errors.Is(s.DHT.Err, dht.ErrNoNodes):
		return "DHT: " + noNodes(s.DHT.Err)
	case s.DHT.Err != nil:
		return "DHT: failed"
	case s.DHT.Nodes == 0:
		return "DHT: looking for nodes"
	}
	return "DHT: " + quantity.Count(s.DHT.Nodes, "node")
}

// noNodes says in a few words why no node is known.
func noNodes(err error) string {
	var why *dht.NoNodesError
	switch {
	case !errors.As(err, &why):
	case why.Refused != nil:
		return "no node helps"
	case why.Answered:
		return "no other nodes"
	case why.Asked == 0:
		return "no node known"
	}
	return "no node answers"
}

// Trouble says why the DHT finds nothing, and what to do; empty if all is well or not known yet.
// node is how the DHT is entered: by nodes that the user named, by none, or by the usual routers.
func (s State) Trouble(node dht.Config) (text, advice string) {
	isUsual := node.Routers == nil
	switch {
	case !s.On || s.DHT.Err == nil:
		return "", ""
	case !errors.Is(s.DHT.Err, dht.ErrNoNodes):
		return "the DHT cannot be used: " + message.Of(s.DHT.Err), "Shoal tries again soon. To do without the DHT, use --no-dht."
	case !isUsual && len(node.Nodes) == 0:
		return "no node of the DHT is known", "Leave --bootstrap off out, or name a node with --bootstrap HOST:PORT."
	case !isUsual:
		return "the DHT finds nothing: " + message.Of(s.DHT.Err), "Check what --bootstrap names, and that no firewall stops UDP. Shoal keeps trying."
	}
	return "the DHT finds nothing: " + message.Of(s.DHT.Err), "Check that you are online, and that no firewall stops UDP. Shoal keeps trying. You can name a node with --bootstrap HOST:PORT."
}
