// Package fetchjob is one try to get the metadata of a torrent, as its owner sees it.
//
// In come the wish that it ends, and peers that users name meanwhile; out goes what it hands
// over. Not here: what it does.
package fetchjob

import (
	"context"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/shoal-bt/shoal/magnet"
)

// A Job gets the metadata of a torrent on goroutines of its owner. Its methods may be called
// concurrently, but for HandOver.
type Job struct {
	cancel context.CancelFunc
	stop   chan struct{}
	done   chan struct{}
	more   chan []netip.AddrPort
	found  atomic.Pointer[magnet.Result]

	changes chan struct{} // holds a token if something changed
	mu      sync.Mutex
	settled bool // Settle was called
}

// New returns a Job that runs, and its context.
func New() (*Job, context.Context) {
	ctx, cancel := context.WithCancel(context.Background())
	return &Job{
		cancel: cancel,
		stop:   make(chan struct{}),
		done:   make(chan struct{}),
		more:   make(chan []netip.AddrPort, 16),

		changes: make(chan struct{}, 1),
	}, ctx
}

// AddPeers hands on peers. If there are too many to keep, the next job gets them.
func (j *Job) AddPeers(peers []netip.AddrPort) {
	select {
	case j.more <- slices.Clone(peers):
	default:
	}
}

// More returns the peers that were added.
func (j *Job) More() <-chan []netip.AddrPort { return j.more }

// Change says that the sources have changed. It reports false if that comes too late.
func (j *Job) Change() bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	select {
	case j.changes <- struct{}{}:
	default:
	}
	return !j.settled
}

// Changes returns a channel that has a token if the sources have changed.
func (j *Job) Changes() <-chan struct{} { return j.changes }

// Settle says that changes come too late from now on, because the metadata is there.
func (j *Job) Settle() {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.settled = true
}

// Cancel ends the job, which hands over nothing.
func (j *Job) Cancel() { j.cancel() }

// HandOver ends the job, which hands over what it knows. It must be called once.
func (j *Job) HandOver() { close(j.stop) }

// Stop returns a channel that HandOver closes.
func (j *Job) Stop() <-chan struct{} { return j.stop }

// Leave sets what the job hands over.
func (j *Job) Leave(found *magnet.Result) { j.found.Store(found) }

// End says that the job has ended.
func (j *Job) End() {
	j.cancel()
	close(j.done)
}

// Await waits until the job has ended, and returns what it hands over, which is the caller's
// from then on; nil for nothing. A nil Job has ended.
func (j *Job) Await() *magnet.Result {
	if j == nil {
		return nil
	}
	<-j.done
	return j.found.Swap(nil)
}
