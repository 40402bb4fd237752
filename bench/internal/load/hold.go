package load

import (
	"context"
	"fmt"
	"io"
	"net"
	"sync/atomic"
	"time"
)

// tries is how often a connection that came to nothing is made again: a peer that has
// just begun may not take the first.
const tries = 5

// keepAlive is the time between two keep-alives of a connection that is held.
const keepAlive = 90 * time.Second

// A Hold keeps connections to a peer, on which nothing happens but keep-alives.
type Hold struct {
	ID   [20]byte
	Addr string // of the peer

	conns []net.Conn
	lost  atomic.Int64
}

// Open makes n connections and returns when it has shaken hands on all. They end
// with ctx.
func (h *Hold) Open(ctx context.Context, n int) error {
	h.conns = make([]net.Conn, n)
	slots := make(chan struct{}, dialing)
	err := each(n, func(i int) error {
		slots <- struct{}{}
		defer func() { <-slots }()
		c, err := h.connect(ctx)
		for try := 0; try < tries && err != nil && ctx.Err() == nil; try++ {
			time.Sleep(100 * time.Millisecond)
			c, err = h.connect(ctx)
		}
		if err != nil {
			return fmt.Errorf("connection %d: %w", i, err)
		}
		h.conns[i] = c
		go h.watch(c)
		return nil
	})
	if err == nil {
		go h.keep(ctx)
	}
	return err
}

// connect connects and shakes hands.
func (h *Hold) connect(ctx context.Context) (net.Conn, error) {
	var dialer net.Dialer
	c, err := dialer.DialContext(ctx, "tcp", h.Addr)
	if err != nil {
		return nil, err
	}
	context.AfterFunc(ctx, func() { c.Close() })
	if _, err = c.Write(hello(h.ID, "XH0001")); err == nil {
		_, err = io.ReadFull(c, make([]byte, helloLen))
	}
	if err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

// Lost returns the number of connections that the other side ended.
func (h *Hold) Lost() int { return int(h.lost.Load()) }

// watch throws away what comes.
func (h *Hold) watch(c net.Conn) {
	io.Copy(io.Discard, c)
	h.lost.Add(1)
}

// keep sends keep-alives.
func (h *Hold) keep(ctx context.Context) {
	t := time.NewTicker(keepAlive)
	defer t.Stop()
	for {
		select {
		case <-t.C:
			for _, c := range h.conns {
				c.Write(make([]byte, 4))
			}
		case <-ctx.Done():
			return
		}
	}
}
