package ours

import (
	"context"
	"encoding/binary"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/shoal-bt/shoal/bench/internal/child"
	"github.com/shoal-bt/shoal/client"
	"github.com/shoal-bt/shoal/connect"
	"github.com/shoal-bt/shoal/engine"
)

// Fetch downloads a torrent into dir by a magnet link, from peers. It says how many seconds
// passed from the first SYN until the metadata was here, and from the first handshake of a
// peer until the first byte of a block.
func Fetch(p *child.Parent, link, dir string, peers []string) error {
	var addrs []netip.AddrPort
	for _, s := range peers {
		a, err := netip.ParseAddrPort(s)
		if err != nil {
			return err
		}
		addrs = append(addrs, a)
	}
	w := &watch{}
	c, err := client.New(client.Config{Dir: dir, State: client.Off, Listen: client.Off, Engine: engine.Config{Dialer: w}})
	if err != nil {
		return err
	}
	defer c.Close()
	if err := p.Ready(""); err != nil {
		return err
	}
	t, err := c.Add(p.Context(), link, client.AddOptions{Peers: addrs})
	if err != nil {
		return err
	}
	if err := t.Ready(p.Context()); err != nil {
		return err
	}
	ready := time.Now()
	if err := t.Wait(p.Context()); err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return p.Done(fmt.Sprintf("%.4f %.4f", ready.Sub(w.dialedAt).Seconds(), w.blockAt.Sub(w.shookHandsAt).Seconds()))
}

// A watch is a Dialer that notes when things happened first on all of its connections.
type watch struct {
	mu           sync.Mutex
	dialedAt     time.Time
	shookHandsAt time.Time // when a whole handshake was here
	blockAt      time.Time // when the first byte of a block was here
}

// DialContext connects to a peer.
func (w *watch) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	w.note(&w.dialedAt)
	c, err := connect.TCP{}.DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	return &watched{Conn: c, watch: w, left: handshakeLen}, nil
}

// note sets a time that is not set.
func (w *watch) note(t *time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if t.IsZero() {
		*t = time.Now()
	}
}

const (
	handshakeLen = 68
	blockKind    = 7
	blockHeader  = 13 // bytes before the payload, with the length
)

// A watched is a connection of which one goroutine at a time reads.
type watched struct {
	net.Conn
	watch *watch
	shook bool   // the handshake has passed
	left  int    // bytes until the next message
	head  []byte // what is here of the beginning of the next message
}

// Read reads, and looks at what messages begin.
func (c *watched) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.look(p[:n])
	return n, err
}

func (c *watched) look(b []byte) {
	for len(b) > 0 {
		skipped := min(len(b), c.left)
		b, c.left = b[skipped:], c.left-skipped
		if c.left > 0 {
			return
		}
		if !c.shook {
			c.shook = true
			c.watch.note(&c.watch.shookHandsAt)
		}
		if len(b) == 0 {
			return
		}
		c.head, b = append(c.head, b[0]), b[1:]
		if len(c.head) < 4 {
			continue
		}
		length := int(binary.BigEndian.Uint32(c.head))
		isBlock := len(c.head) > 4 && c.head[4] == blockKind
		switch {
		case length == 0:
			c.head = c.head[:0]
		case len(c.head) > 4 && !isBlock:
			c.left, c.head = length-1, c.head[:0]
		case len(c.head) > blockHeader:
			c.watch.note(&c.watch.blockAt)
			c.left, c.head = length-(blockHeader-4)-1, c.head[:0]
		}
	}
}
