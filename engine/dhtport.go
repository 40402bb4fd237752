package engine

import (
	"sync"
	"sync/atomic"

	"github.com/shoal-bt/shoal/protocol"
)

// A dhtPort is the UDP port of the user's node of the DHT; 0 for none.
type dhtPort struct {
	mu   sync.Mutex // held while torrents hear of it, so that the last change is what they know
	port atomic.Uint32
}

// SetDHTPort says at which UDP port the user's node of the DHT listens; 0 means that there is none,
// as does New. Handshakes say that there is a node, and peers that have one hear of the port, those
// that are connected as well. Private torrents keep it to themselves
// (https://www.bittorrent.org/beps/bep_0005.html, "bittorrent protocol extension").
func (e *Engine) SetDHTPort(port uint16) {
	e.dht.mu.Lock()
	defer e.dht.mu.Unlock()
	e.dht.port.Store(uint32(port))
	for _, t := range e.Torrents() {
		t.tellDHTPort(port)
	}
}

// DHTPort returns what SetDHTPort was given last.
func (e *Engine) DHTPort() uint16 { return uint16(e.dht.port.Load()) }

// startDHT tells a torrent that was registered where the node is.
func (e *Engine) startDHT(t *Torrent) {
	e.dht.mu.Lock()
	defer e.dht.mu.Unlock()
	if port := e.DHTPort(); port != 0 {
		t.tellDHTPort(port)
	}
}

// tellDHTPort posts the port of the user's node.
func (t *Torrent) tellDHTPort(port uint16) {
	if !t.private {
		t.mailbox.TryPost(item{input: protocol.DHTPort{Port: port}})
	}
}
