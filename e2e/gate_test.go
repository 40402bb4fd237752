package e2e

import (
	"sync"

	"github.com/shoal-bt/shoal/swarm"
)

// A gate is a Storage that lets some bytes pass and then holds up every call,
// until it is opened. So a transfer can be met in its middle without a clock.
type gate struct {
	swarm.Storage

	mu      sync.Mutex
	reads   int64 // bytes that may pass yet
	writes  int64
	waiting bool
	reached chan struct{} // closed when somebody waits
	opened  chan struct{} // closed by open
}

// newGate returns a gate that is closed to reads or writes after so many bytes.
func newGate(s swarm.Storage, reads, writes int64) *gate {
	return &gate{Storage: s, reads: reads, writes: writes, reached: make(chan struct{}), opened: make(chan struct{})}
}

func (g *gate) open() { close(g.opened) }

// ReadAt implements swarm.Storage.
func (g *gate) ReadAt(p []byte, off int64) (int, error) {
	g.pass(&g.reads, len(p))
	return g.Storage.ReadAt(p, off)
}

// WriteAt implements swarm.Storage.
func (g *gate) WriteAt(p []byte, off int64) (int, error) {
	g.pass(&g.writes, len(p))
	return g.Storage.WriteAt(p, off)
}

func (g *gate) pass(left *int64, n int) {
	g.mu.Lock()
	*left -= int64(n)
	if *left >= 0 {
		g.mu.Unlock()
		return
	}
	if !g.waiting {
		g.waiting = true
		close(g.reached)
	}
	g.mu.Unlock()
	<-g.opened
}
