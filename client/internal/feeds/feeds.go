// Package feeds follows the public keys of magnet links, under which the DHT has the hash of the
// newest torrent (https://www.bittorrent.org/beps/bep_0046.html).
//
// In come keys with what is known of them, out go newer versions. A [Set] owns a goroutine for
// each key that it follows, until Stop or Close. Not here: links, and what becomes of a version.
package feeds

import (
	"context"
	"sync"
	"time"

	"github.com/shoal-bt/shoal/dht"
	"github.com/shoal-bt/shoal/swarm"
)

const (
	maxFollowed = 1000        // keys; each costs a search every 15 minutes
	retryNode   = time.Minute // after the node could not be opened, or closed
)

// A Config says how a Set works. It does not change.
type Config struct {
	// Node returns the node of the DHT, and opens it if need be. Report gets each newer version of
	// what a torrent follows. Ended is called when nothing more is asked of the node for a torrent;
	// Close waits for it. All may be called at the same time by several goroutines.
	Node   func() (*dht.Node, error)
	Report func(torrent swarm.ID, v dht.Version)
	Ended  func()
}

// A Set is the keys that are followed. Its methods may be called concurrently.
type Set struct {
	config  Config
	context context.Context // done when the Set closes
	cancel  context.CancelFunc
	running sync.WaitGroup

	mu    sync.Mutex // guards what follows
	stops map[swarm.ID]context.CancelFunc
}

// New returns a Set that follows nothing.
func New(c Config) *Set {
	s := &Set{config: c, stops: make(map[swarm.ID]context.CancelFunc)}
	s.context, s.cancel = context.WithCancel(context.Background())
	return s
}

// Follow follows a key for a torrent from known on, unless the torrent follows one already. It
// reports false if too many are followed.
func (s *Set) Follow(torrent swarm.ID, f dht.Feed, known dht.Version) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.stops[torrent] != nil, s.context.Err() != nil:
		return true
	case len(s.stops) >= maxFollowed:
		return false
	}
	ctx, stop := context.WithCancel(s.context)
	s.stops[torrent] = stop
	s.running.Go(func() {
		s.follow(ctx, torrent, f, known)
		s.config.Ended()
	})
	return true
}

// follow reports newer versions until ctx is done, also if the node is closed meanwhile.
func (s *Set) follow(ctx context.Context, torrent swarm.ID, f dht.Feed, known dht.Version) {
	for {
		node, err := s.config.Node()
		if err == nil {
			for v, err := range node.Follow(ctx, f, known) {
				if err == nil {
					known = v
					s.config.Report(torrent, v)
				}
			}
		}
		select {
		case <-time.After(retryNode):
		case <-ctx.Done():
			return
		}
	}
}

// Stop ends what some torrents follow. It does not wait.
func (s *Set) Stop(torrents ...swarm.ID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, id := range torrents {
		if stop := s.stops[id]; stop != nil {
			stop()
			delete(s.stops, id)
		}
	}
}

// Close ends all, and returns when nothing is reported any more.
func (s *Set) Close() {
	s.mu.Lock()
	s.cancel()
	s.mu.Unlock()
	s.running.Wait()
}
