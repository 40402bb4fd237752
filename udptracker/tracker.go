package udptracker

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/shoal-bt/shoal/swarm"
)

// A Tracker announces to one tracker. It is a swarm.PeerSource: calls of Announce and
// AnnounceOnce for one swarm must not overlap, calls for several swarms may.
//
// If the name of the tracker has IPv4 and IPv6 addresses, it is announced to over both,
// with one key: https://www.bittorrent.org/beps/bep_0015.html#ipv6. The first announce
// that succeeds says started, whatever its event is, unless it is completed. A completed
// that failed is repeated by the next announce. Stopped is not sent to a tracker that
// cannot have us registered.
type Tracker struct {
	trackers *Trackers
	url      string // valid, because New has parsed it
	key      uint32

	mu       sync.Mutex // guards random and sessions
	random   rand.PCG
	sessions []*session // rarely more than one
}

// A session is the state of a swarm from its first announce to stopped. It is owned by
// the running call for that swarm.
type session struct {
	swarm    swarm.ID
	routes   []routeSession // as Trackers.routes
	failures int            // calls in a row that failed, but not by silence
}

// A routeSession is the state of a session on one route.
type routeSession struct {
	registered   bool        // the tracker may have us in the swarm
	pendingEvent swarm.Event // to send with the next announce; None if there is none
	schedule     schedule
}

// New makes a Tracker for an announce URL with scheme udp, a host and a port. It does not
// use the network. Its errors do not contain the URL.
func New(url string, c Config) (*Tracker, error) { return NewTrackers(c).New(url) }

// target returns the parsed URL. It is parsed for each call, so that an idle torrent
// needs less memory.
func (t *Tracker) target() target {
	to, _ := parseTarget(t.url) // New has checked it
	return to
}

// targetOf returns the target of an announce, which has the parameters of Config.Params, and
// which of these were left out.
func (t *Tracker) targetOf(a swarm.Announcement) (to target, leftOut string) {
	to, params := t.target(), t.trackers.config.Params
	if params == nil {
		return to, ""
	}
	return to.with(params(t.url, a))
}

// String returns the announce URL for display, without passkeys.
func (t *Tracker) String() string { return t.target().shown }

// A Reply is a tracker's complete answer to one announce.
type Reply struct {
	swarm.Answer
	Peers []swarm.Address // may repeat if we announced over IPv4 and IPv6
}

// Announce announces once to the tracker with an announce URL, with the event of a. It
// needs no Tracker and remembers nothing. It may be called concurrently. The Reply is the
// caller's. With an error, Reply.Next and Reply.Min still say when to try again.
func Announce(ctx context.Context, url string, a swarm.Announcement, c Config) (Reply, error) {
	trackers := NewTrackers(c)
	defer trackers.Close()
	t, err := trackers.New(url)
	if err != nil {
		return Reply{Answer: unknownAnswer()}, err
	}
	s := t.newSession(a.Swarm)
	for i := range s.routes {
		s.routes[i] = routeSession{registered: true}
	}
	return t.announce(ctx, a, s, false, nil)
}

// Announce implements swarm.PeerSource. A request that is not answered is sent again
// after 15 s, 30 s and so on, within Config.Timeout and in the calls that follow, so
// Answer.Next is then the time to the next packet. After another error, it is the
// back-off. After a success, Answer.Next is the tracker's interval.
func (t *Tracker) Announce(ctx context.Context, a swarm.Announcement, found func(swarm.Address)) (swarm.Answer, error) {
	return t.announceSession(ctx, a, false, found)
}

// AnnounceOnce is Announce, but it gives up after a silence of 15 s, and Answer.Next is
// then the back-off. It is for callers that have another tracker to ask, as
// httptracker.Tiers do.
func (t *Tracker) AnnounceOnce(ctx context.Context, a swarm.Announcement, found func(swarm.Address)) (swarm.Answer, error) {
	return t.announceSession(ctx, a, true, found)
}

func (t *Tracker) announceSession(ctx context.Context, a swarm.Announcement, once bool, found func(swarm.Address)) (swarm.Answer, error) {
	s := t.session(a)
	if s == nil {
		return unknownAnswer(), ctx.Err()
	}
	reply, err := t.announce(ctx, a, s, once, found)
	return reply.Answer, err
}

// unknownAnswer returns an answer without any information.
func unknownAnswer() swarm.Answer { return swarm.Answer{Seeds: -1, Leechers: -1} }

// session returns the session of a swarm and makes it if necessary. With Stopped, it
// removes the session and returns nil if there is none.
func (t *Tracker) session(a swarm.Announcement) *session {
	t.mu.Lock()
	defer t.mu.Unlock()
	i := slices.IndexFunc(t.sessions, func(s *session) bool { return s.swarm == a.Swarm })
	switch {
	case i >= 0 && a.Event == swarm.Stopped:
		s := t.sessions[i]
		t.sessions = slices.Delete(t.sessions, i, i+1)
		return s
	case i >= 0:
		return t.sessions[i]
	case a.Event == swarm.Stopped:
		return nil
	}
	s := t.newSession(a.Swarm)
	t.sessions = append(t.sessions, s)
	return s
}

func (t *Tracker) newSession(id swarm.ID) *session {
	s := &session{swarm: id, routes: make([]routeSession, len(t.trackers.routes))}
	for i := range s.routes {
		s.routes[i].pendingEvent = swarm.Started
	}
	return s
}

// grace is how long an announce waits for the other family after the first has answered.
const grace = 5 * time.Second

// announce asks on all routes and merges the answers. If found is nil, it adds the
// addresses to the reply.
func (t *Tracker) announce(ctx context.Context, a swarm.Announcement, s *session, once bool, found func(swarm.Address)) (Reply, error) {
	reply := Reply{Answer: unknownAnswer()}
	if found == nil {
		found = func(p swarm.Address) { reply.Peers = append(reply.Peers, p) }
	}
	limit := t.trackers.config.Timeout
	if a.Event == swarm.Stopped {
		limit = t.trackers.config.StopTimeout
		if !slices.ContainsFunc(s.routes, func(r routeSession) bool { return r.registered }) {
			return reply, ctx.Err()
		}
	}
	to, leftOut := t.targetOf(a)
	calls, err := t.calls(ctx, to, limit)
	var errs []error
	if err != nil {
		errs = append(errs, err)
	}
	if a.Event == swarm.Stopped {
		calls = slices.DeleteFunc(calls, func(c routeCall) bool { return !s.routes[c.index].registered })
	}
	answered := false
	for o := range askRoutes(ctx, calls, grace, func(ctx context.Context, c routeCall) (announceResponse, error) {
		return t.ask(ctx, c, to, a, &s.routes[c.index], once)
	}) {
		if o.err != nil {
			errs = append(errs, o.err)
			continue
		}
		t.merge(&reply, o.value, !answered)
		answered = true
		for _, p := range o.value.peers {
			found(p)
		}
	}
	if answered || len(errs) == 0 {
		s.failures = 0
		reply.Warning = joinTexts(reply.Warning, leftOut)
		if a.Event == swarm.Stopped {
			reply.Next = 0
		}
		return reply, nil
	}
	t.schedule(&reply.Answer, s, errs, once, ctx.Err() != nil)
	if a.Event == swarm.Stopped {
		reply.Next = 0
	}
	err = ctx.Err()
	if err == nil {
		err = hideSecrets(joinRoutes(errs), to.secrets)
	}
	err = fmt.Errorf("udptracker: announce %s: %w", to.shown, err)
	if leftOut != "" {
		err = fmt.Errorf("%w; %s", err, leftOut)
	}
	return reply, err
}

// joinTexts joins two texts, of which both may be empty.
func joinTexts(a, b string) string {
	if a != "" && b != "" {
		a += "; "
	}
	return a + b
}

// ask makes one announce on one route and updates its session.
func (t *Tracker) ask(ctx context.Context, call routeCall, to target, a swarm.Announcement, s *routeSession, once bool) (announceResponse, error) {
	c := &t.trackers.config
	event, want := a.Event, min(a.Want, c.MaxWant)
	switch event {
	case swarm.Stopped:
		want = 0
	case swarm.None, swarm.Paused:
		event = s.pendingEvent // UDP has no event paused, so a partial seed counts as a leecher
	}
	q := announceRequest{
		a:       a,
		event:   event,
		want:    want,
		key:     t.key,
		urlData: to.data,
	}
	if !call.is6 {
		q.ip = c.IP.Unmap()
	}
	x := exchange{
		socket:   call.socket,
		servers:  call.servers,
		schedule: &s.schedule,
		silence:  c.Silence,
		timeout:  call.timeout,
		once:     once,
		secrets:  to.secrets,
		action:   actionAnnounce,
		packet:   q.packet,
	}
	body, err := x.run(ctx)
	if err != nil {
		if event == swarm.Started || event == swarm.Completed {
			s.pendingEvent = event
		}
		var refused *FailureError
		s.registered = s.registered || (x.sent && !errors.As(err, &refused))
		return announceResponse{}, err
	}
	s.registered, s.pendingEvent = true, swarm.None
	return parseAnnounce(body, call.is6, c.MaxPeers), nil
}
