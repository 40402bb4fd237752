package httptracker

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/shoal-bt/shoal/swarm"
)

// A Tracker announces to one tracker. It is a swarm.PeerSource and keeps that
// contract: calls for one swarm must not overlap, calls for several may.
//
// A tracker that may not yet know of us is told so: the first announce that comes
// through says started whatever its event is, unless it is completed; a completed
// that failed is said again; and stopped is not said to a tracker that cannot know
// of us.
type Tracker struct {
	target target
	config Config // with defaults
	routes []route

	mu       sync.Mutex
	random   *rand.Rand
	sessions map[swarm.ID]*session
}

// A session is what is remembered of a swarm from its first announce to stopped.
// It belongs to the call under way.
type session struct {
	routes   []routeSession
	failures int           // calls in a row
	refused  *FailureError // the tracker wants never to be asked again (BEP 31)
}

// A routeSession is the part of a session that the tracker sees on one route.
type routeSession struct {
	known     bool        // the tracker may have us in the swarm
	owed      swarm.Event // what it should hear besides
	trackerID string      // to be sent back; stays if an answer has none
}

// New makes a Tracker for an announce URL, http or https. It touches no network.
// Errors do not quote the URL.
func New(url string, c Config) (*Tracker, error) {
	to, err := parseTarget(url)
	if err != nil {
		return nil, fmt.Errorf("httptracker: %w", err)
	}
	t := &Tracker{target: to, config: c.withDefaults()}
	if t.routes, err = t.config.routes(to.url.Hostname()); err != nil {
		return nil, fmt.Errorf("httptracker: %s: %w", to.shown, err)
	}
	t.random = rand.New(rand.NewPCG(t.config.Seed, 0))
	if t.config.Key == 0 {
		t.config.Key = t.random.Uint32()
	}
	return t, nil
}

// String returns the announce URL as it may be shown; see [Redact].
func (t *Tracker) String() string { return t.target.shown }

// A Reply is all that a tracker said to one announce.
type Reply struct {
	swarm.Answer
	Peers     []swarm.Address // each once for each of our addresses that we announced from
	Completed int             // how often the torrent was completed; -1 where unknown
}

// Announce announces once to the tracker with an announce URL, with the event that
// a names. It needs no Tracker and remembers nothing, so no tracker id is sent. It
// may be called concurrently. The Reply is the caller's; beside an error it says
// when to try again.
func Announce(ctx context.Context, url string, a swarm.Announcement, c Config) (Reply, error) {
	t, err := New(url, c)
	if err != nil {
		return Reply{Answer: unknown(), Completed: -1}, err
	}
	s := t.newSession()
	for i := range s.routes {
		s.routes[i] = routeSession{known: true}
	}
	return t.announce(ctx, a, s, nil)
}

// Announce implements swarm.PeerSource. The error may match *FailureError,
// *StatusError or *ResponseError. Answer.Next after an error is by back-off, or
// what the tracker asked for; 0 if it wants never to be asked again.
func (t *Tracker) Announce(ctx context.Context, a swarm.Announcement, found func(swarm.Address)) (swarm.Answer, error) {
	t.mu.Lock()
	s := t.sessions[a.Swarm]
	if a.Event == swarm.Stopped {
		delete(t.sessions, a.Swarm)
	} else if s == nil {
		s = t.newSession()
		if t.sessions == nil {
			t.sessions = make(map[swarm.ID]*session)
		}
		t.sessions[a.Swarm] = s
	}
	t.mu.Unlock()
	switch {
	case s == nil:
		return unknown(), ctx.Err()
	case s.refused != nil:
		return unknown(), fmt.Errorf("httptracker: announce %s: %w", t.target.shown, s.refused)
	}
	reply, err := t.announce(ctx, a, s, found)
	return reply.Answer, err
}

// unknown is the answer that says nothing.
func unknown() swarm.Answer { return swarm.Answer{Seeds: -1, Leechers: -1} }

func (t *Tracker) newSession() *session {
	s := &session{routes: make([]routeSession, len(t.routes))}
	for i := range s.routes {
		s.routes[i].owed = swarm.Started
	}
	return s
}

// grace is how long an announce waits for the routes that lag behind the first.
const grace = 5 * time.Second

// announce asks on all routes and merges what they say. If found is nil, the
// addresses go into the reply.
func (t *Tracker) announce(ctx context.Context, a swarm.Announcement, s *session, found func(swarm.Address)) (Reply, error) {
	reply := Reply{Answer: unknown(), Completed: -1}
	if found == nil {
		found = func(p swarm.Address) { reply.Peers = append(reply.Peers, p) }
	}
	answered := false
	var errs []error
	for o := range overRoutes(ctx, t.routes, grace, func(ctx context.Context, i int, r route) (response, error) {
		return t.ask(ctx, r, a, &s.routes[i])
	}) {
		if o.err != nil {
			if o.err != errNothingToSay {
				errs = append(errs, o.err)
			}
			continue
		}
		t.merge(&reply, o.value, !answered)
		answered = true
		for _, p := range o.value.peers {
			found(p)
		}
	}
	if answered {
		s.failures = 0
		if a.Event == swarm.Stopped {
			reply.Next = 0
		}
		return reply, nil
	}
	err := joinRoutes(ctx, errs)
	if err == nil {
		return reply, nil // Stopped, and the tracker does not know of us.
	}
	t.schedule(&reply.Answer, s, err, ctx.Err() != nil)
	if a.Event == swarm.Stopped {
		reply.Next = 0
	}
	return reply, fmt.Errorf("httptracker: announce %s: %w", t.target.shown, err)
}

// errNothingToSay is that of a route where stopped would say something new.
var errNothingToSay = errors.New("nothing to say")

// ask makes one announce on one route, and keeps its session.
func (t *Tracker) ask(ctx context.Context, r route, a swarm.Announcement, s *routeSession) (response, error) {
	event, want, timeout := a.Event, min(a.Want, t.config.MaxWant), t.config.Timeout
	switch {
	case event == swarm.Stopped && !s.known:
		return response{}, errNothingToSay
	case event == swarm.Stopped:
		want, timeout = 0, t.config.StopTimeout
	case event == swarm.None:
		event = s.owed
	}
	q := announceQuery{
		a:         a,
		event:     event,
		want:      want,
		key:       t.config.Key,
		ip:        t.config.IP,
		trackerID: s.trackerID,
	}
	p, sent, err := t.config.get(ctx, r, t.target, t.target.with(q.String()), timeout)
	var answer response
	if err == nil {
		answer, err = parseAnnounce(p.body, t.config.MaxPeers, event == swarm.Stopped)
		err = p.fault(err, t.target.secrets)
	}
	if err != nil {
		if event == swarm.Started || event == swarm.Completed {
			s.owed = event
		}
		s.known = s.known || sent && !refused(err)
		return response{}, err
	}
	s.known, s.owed = true, swarm.None
	if answer.trackerID != "" {
		s.trackerID = answer.trackerID
	}
	return answer, nil
}

// refused reports whether err shows that the tracker did not take our announce.
func refused(err error) bool {
	var failure *FailureError
	var status *StatusError
	return errors.As(err, &failure) || errors.As(err, &status)
}

// merge adds what one route heard to the reply.
func (t *Tracker) merge(reply *Reply, r response, first bool) {
	interval := r.interval
	if interval == 0 {
		interval = defaultInterval
	}
	// A tracker that names no least interval is still not to be asked as
	// often as one likes.
	least := r.minInterval
	if least == 0 {
		least = min(interval, time.Minute)
	}
	least = min(max(least, t.config.MinInterval), t.config.MaxInterval)
	interval = max(min(max(interval, t.config.MinInterval), t.config.MaxInterval), least)
	if first {
		reply.Next = interval
	}
	reply.Min = max(reply.Min, least)
	reply.Next = max(min(reply.Next, interval), reply.Min)
	reply.Seeds = max(reply.Seeds, r.seeds)
	reply.Leechers = max(reply.Leechers, r.leechers)
	reply.Completed = max(reply.Completed, r.completed)
	if !reply.External.IsValid() {
		reply.External = r.external
	}
	if reply.Warning == "" {
		reply.Warning = clean(r.warning, t.target.secrets)
	}
}

// schedule says when to announce again after err.
func (t *Tracker) schedule(answer *swarm.Answer, s *session, err error, canceled bool) {
	if !canceled {
		s.failures++
	}
	answer.Min = t.config.MinInterval
	var failure *FailureError
	var status *StatusError
	var asked time.Duration
	switch {
	case errors.As(err, &failure) && failure.RetryIn < 0:
		s.refused = failure
		answer.Next, answer.Min = 0, t.config.MaxInterval
		return
	case errors.As(err, &failure):
		asked = failure.RetryIn
	case errors.As(err, &status):
		asked = status.RetryIn
	}
	if asked > 0 {
		answer.Min = min(max(asked, t.config.MinInterval), t.config.MaxInterval)
		answer.Next = answer.Min
		return
	}
	answer.Next = max(t.backoff(s.failures), answer.Min)
}

// backoff returns how long to wait after so many failures in a row. It is random
// by a quarter either way, so that clients do not return to a tracker in step.
func (t *Tracker) backoff(failures int) time.Duration {
	wait := t.config.Backoff
	for range failures - 1 {
		if wait >= t.config.MaxBackoff {
			break
		}
		wait = min(2*wait, t.config.MaxBackoff)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	return wait - wait/4 + time.Duration(t.random.Int64N(int64(wait/2)+1))
}
