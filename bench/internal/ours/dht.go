package ours

import (
	"fmt"
	"net"
	"slices"
	"strconv"
	"time"

	"github.com/shoal-bt/shoal/bench/internal/child"
	"github.com/shoal-bt/shoal/dht"
	"github.com/shoal-bt/shoal/dht/nodeid"
)

// Node runs a node of the DHT on loopback, which knows nobody at first. Each line of the
// parent is a number of targets, which it looks up one after the other; then it says the median
// of the times, in seconds. limit is the queries that it serves per second; 0 means the defaults.
func Node(p *child.Parent, limit int) error {
	conn, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		return err
	}
	defer conn.Close()
	n, err := dht.Open(dht.Config{Conn4: conn, Routers: []string{}, QueriesPerAddr: limit, Queries: limit})
	if err != nil {
		return err
	}
	defer n.Close()
	err = p.Say("ready", conn.LocalAddr().String())
	if err != nil {
		return err
	}
	for {
		line, err := p.Hear()
		if err != nil {
			p.Rest()
			return nil // the parent has enough
		}
		count, err := strconv.Atoi(line)
		if err != nil {
			return err
		}
		var took []time.Duration
		for i := range count {
			begin := time.Now()
			_, err := n.Find(p.Context(), nodeid.ID{byte(i), byte(i)})
			if err != nil {
				return err
			}
			took = append(took, time.Since(begin))
		}
		slices.Sort(took)
		err = p.Say("looked", fmt.Sprint(took[len(took)/2].Seconds()))
		if err != nil {
			return err
		}
	}
}
