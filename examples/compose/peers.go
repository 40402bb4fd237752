package main

import (
	"net/netip"

	"github.com/shoal-bt/shoal/swarm"
)

// parse makes a source of peers from their addresses.
func parse(args []string) (peers swarm.List, err error) {
	for _, a := range args {
		addr, err := netip.ParseAddrPort(a)
		if err != nil {
			return nil, err
		}
		peers = append(peers, swarm.Address{AddrPort: addr})
	}
	return peers, nil
}
