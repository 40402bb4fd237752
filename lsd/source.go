package lsd

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"net/netip"
	"sync"
	"time"

	"github.com/shoal-bt/shoal/lsd/discovery"
	"github.com/shoal-bt/shoal/swarm"
)

const (
	// AnnounceEvery is after how long Announce should be called again with Config.OnPeer.
	AnnounceEvery = discovery.Interval

	// PollEvery is the same without Config.OnPeer, so that peers are not found late.
	PollEvery = time.Minute

	minInterval  = 10 * time.Second
	refreshEvery = 30 * time.Second // the interfaces
)

// A Source finds peers on the local network. It is a swarm.PeerSource.
type Source struct {
	config  Config
	network network
	running sync.WaitGroup // readers

	mu        sync.Mutex
	state     *discovery.State
	groups    [2]*group // of IPv4 and IPv6
	timer     *time.Timer
	refreshAt time.Time // when to look for interfaces; zero for at once
	closed    bool
	err       error // the last one of an interface or a socket
}

// New returns a Source. It does not use the network until the first Announce.
func New(c Config) *Source { return newSource(c, udp{config: c, port: discovery.Port}) }

func newSource(c Config, n network) *Source {
	var cookie [8]byte
	rand.Read(cookie[:])
	s := &Source{
		config:  c,
		network: n,
		state:   discovery.New(discovery.Config{Cookie: hex.EncodeToString(cookie[:])}),
	}
	for i := range s.groups {
		s.groups[i] = &group{is6: i == 1}
	}
	s.timer = time.AfterFunc(time.Hour, s.wake)
	s.timer.Stop()
	return s
}

// String names the source.
func (s *Source) String() string { return "LSD" }

// Announce implements swarm.PeerSource. It returns at once, with the peers that were heard
// within 15 minutes. The swarm is announced from now on at a.Port, every five minutes on each
// interface, until Stopped or until Announce has not been called for 15 minutes. With port 0
// peers are heard, but nothing is announced. There is no message for leaving.
func (s *Source) Announce(ctx context.Context, a swarm.Announcement, found func(swarm.Address)) (swarm.Answer, error) {
	answer := swarm.Answer{Next: AnnounceEvery, Min: minInterval, Seeds: -1, Leechers: -1}
	if s.config.OnPeer == nil {
		answer.Next = PollEvery
	}
	err := ctx.Err()
	if err != nil {
		return answer, context.Cause(ctx)
	}
	if a.Event == swarm.Stopped {
		s.leave(a.Swarm)
		answer.Next = 0
		return answer, nil
	}
	peers, err := s.join(a.Swarm, a.Port)
	for _, p := range peers {
		found(swarm.Address{AddrPort: p})
	}
	if err != nil {
		return answer, fmt.Errorf("lsd: %w", err)
	}
	return answer, nil
}

// join announces a swarm and returns the peers that are known.
func (s *Source) join(id swarm.ID, port uint16) ([]netip.AddrPort, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, ErrClosed
	}
	now := time.Now()
	s.state.Join(now, id, port)
	if !now.Before(s.refreshAt) {
		s.refresh(now)
	}
	s.settle(now)
	peers := s.state.Peers(now, id)
	switch {
	case s.state.Stats().Links > 0:
		return peers, nil
	case s.err != nil:
		return peers, s.err
	}
	return peers, ErrNoLink
}

func (s *Source) leave(id swarm.ID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return
	}
	s.state.Leave(id)
	s.settle(time.Now())
}

// wake is called by the timer.
func (s *Source) wake() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || s.state.Len() == 0 {
		return
	}
	now := time.Now()
	if !now.Before(s.refreshAt) {
		s.refresh(now)
	}
	s.settle(now)
}

// settle sends what is due, sets the timer, and returns the peers that are new. Without
// swarms the sockets are closed. The lock is held.
func (s *Source) settle(now time.Time) []discovery.Peer {
	turn := s.state.Settle(now)
	for _, d := range turn.Send {
		err := s.groupOf(d.Link.Is6).send(d)
		if err != nil {
			s.err = fmt.Errorf("cannot send on %s: %w", d.Link.Name, err)
		}
	}
	if s.state.Len() == 0 {
		s.stop(now)
		return turn.Found
	}
	next := s.refreshAt
	if !turn.Next.IsZero() && turn.Next.Before(next) {
		next = turn.Next
	}
	s.timer.Reset(max(next.Sub(now), time.Millisecond))
	return turn.Found
}

// stop closes the sockets. The lock is held.
func (s *Source) stop(now time.Time) {
	s.timer.Stop()
	for _, g := range s.groups {
		g.close()
	}
	s.state.SetLinks(now, nil)
	s.refreshAt, s.err = time.Time{}, nil
}

// Stats are counts of datagrams since New, and sizes now.
type Stats struct {
	discovery.Stats
	Err error // the last trouble with an interface or a socket; nil if there was none
}

// Stats returns counts and sizes.
func (s *Source) Stats() Stats {
	s.mu.Lock()
	defer s.mu.Unlock()
	return Stats{Stats: s.state.Stats(), Err: s.err}
}

// Close closes the sockets. OnPeer is not called after Close has returned. It may be called
// again.
func (s *Source) Close() error {
	s.mu.Lock()
	if !s.closed {
		s.closed = true
		s.stop(time.Now())
	}
	s.mu.Unlock()
	s.running.Wait()
	return nil
}
