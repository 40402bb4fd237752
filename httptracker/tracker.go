package httptracker

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

// A Tracker announces to one tracker. It is a swarm.PeerSource and keeps that
// contract: calls for one swarm must not overlap, calls for several may.
//
// A tracker that may not yet know of us is told so: the first announce that comes
// through says started whatever its event is, unless it is completed; a completed
// that failed is said again; and stopped is not said to a tracker that cannot know
// of us.
type Tracker struct {
	config *Config // with defaults, shared with other trackers
	url    string  // of which New could make a target
	key    uint32

	mu       sync.Mutex
	random   rand.PCG
	sessions []*session // seldom more than one
}

// A session is what is remembered of a swarm from its first announce to stopped.
// It belongs to the call under way.
type session struct {
	swarm      swarm.ID
	routes     []routeSession
	failures   int           // calls in a row
	neverAgain *FailureError // the tracker wants never to be asked again (BEP 31)
}

// A routeSession is the part of a session that the tracker sees on one route.
type routeSession struct {
	registered   bool        // the tracker may have us in the swarm
	pendingEvent swarm.Event // what it should hear besides
	trackerID    string      // to be sent back; stays if an answer has none
}

// New makes a Tracker for an announce URL, http or https. It touches no network.
// Errors do not quote the URL.
func New(url string, c Config) (*Tracker, error) { return NewTrackers(c).New(url) }

// Trackers makes Trackers that share one Config, so that many take little memory.
// It may be used by many goroutines at once.
type Trackers struct {
	config Config // with defaults
}

// NewTrackers makes Trackers of a Config.
func NewTrackers(c Config) *Trackers { return &Trackers{c.withDefaults()} }

// New makes a Tracker as the function New does.
func (s *Trackers) New(url string) (*Tracker, error) {
	to, err := parseTarget(url)
	if err != nil {
		return nil, fmt.Errorf("httptracker: %w", err)
	}
	if _, err = s.config.routes(to.url.Hostname()); err != nil {
		return nil, fmt.Errorf("httptracker: %s: %w", to.shown, err)
	}
	t := &Tracker{config: &s.config, url: url, key: s.config.Key}
	seed := s.config.Seed
	if seed == 0 {
		seed = rand.Uint64()
	}
	t.random.Seed(seed, 0)
	if t.key == 0 {
		t.key = rand.New(&t.random).Uint32()
	}
	return t, nil
}

// target returns where to ask, and routes the ways there. They are made for each
// call: a torrent that waits does without.
func (t *Tracker) target() target {
	to, _ := parseTarget(t.url) // it could be read by New
	return to
}

func (t *Tracker) routes(to target) []route {
	routes, _ := t.config.routes(to.url.Hostname())
	return routes
}

// String returns the announce URL as it may be shown; see [Redact].
func (t *Tracker) String() string { return t.target().shown }

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
		return Reply{Answer: unknownAnswer(), Completed: -1}, err
	}
	to := t.target()
	s := t.newSession(to, a.Swarm)
	for i := range s.routes {
		s.routes[i] = routeSession{registered: true}
	}
	return t.announce(ctx, to, a, s, nil)
}

// Announce implements swarm.PeerSource. The error may match *FailureError,
// *StatusError or *ResponseError. Answer.Next after an error is by back-off, or
// what the tracker asked for; 0 if it wants never to be asked again.
func (t *Tracker) Announce(ctx context.Context, a swarm.Announcement, found func(swarm.Address)) (swarm.Answer, error) {
	to := t.target()
	s := t.session(to, a)
	switch {
	case s == nil:
		return unknownAnswer(), ctx.Err()
	case s.neverAgain != nil:
		return unknownAnswer(), fmt.Errorf("httptracker: announce %s: %w", to.shown, s.neverAgain)
	}
	reply, err := t.announce(ctx, to, a, s, found)
	return reply.Answer, err
}

// unknownAnswer is the answer that says nothing.
func unknownAnswer() swarm.Answer { return swarm.Answer{Seeds: -1, Leechers: -1} }

// session returns the session of a swarm, nil for none. It ends with stopped.
func (t *Tracker) session(to target, a swarm.Announcement) *session {
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
	s := t.newSession(to, a.Swarm)
	t.sessions = append(t.sessions, s)
	return s
}

func (t *Tracker) newSession(to target, id swarm.ID) *session {
	s := &session{swarm: id, routes: make([]routeSession, len(t.routes(to)))}
	for i := range s.routes {
		s.routes[i].pendingEvent = swarm.Started
	}
	return s
}

// grace is how long an announce waits for the routes that lag behind the first.
const grace = 5 * time.Second

// announce asks on all routes and merges what they say. If found is nil, the
// addresses go into the reply.
func (t *Tracker) announce(ctx context.Context, to target, a swarm.Announcement, s *session, found func(swarm.Address)) (Reply, error) {
	reply := Reply{Answer: unknownAnswer(), Completed: -1}
	if found == nil {
		found = func(p swarm.Address) { reply.Peers = append(reply.Peers, p) }
	}
	answered := false
	var errs []error
	for o := range askRoutes(ctx, t.routes(to), grace, func(ctx context.Context, i int, r route) (announceResponse, error) {
		return t.ask(ctx, r, to, a, &s.routes[i])
	}) {
		if o.err != nil {
			if o.err != errNotRegistered {
				errs = append(errs, o.err)
			}
			continue
		}
		t.merge(&reply, o.value, !answered, to.secrets)
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
	return reply, fmt.Errorf("httptracker: announce %s: %w", to.shown, err)
}

// errNotRegistered is that of a route where stopped would say something new.
var errNotRegistered = errors.New("nothing to say")

// ask makes one announce on one route, and keeps its session.
func (t *Tracker) ask(ctx context.Context, r route, to target, a swarm.Announcement, s *routeSession) (announceResponse, error) {
	event, want, timeout := a.Event, min(a.Want, t.config.MaxWant), t.config.Timeout
	switch {
	case event == swarm.Stopped && !s.registered:
		return announceResponse{}, errNotRegistered
	case event == swarm.Stopped:
		want, timeout = 0, t.config.StopTimeout
	case event == swarm.None:
		event = s.pendingEvent
	}
	q := announceQuery{
		a:         a,
		event:     event,
		want:      want,
		key:       t.key,
		ip:        t.config.IP,
		trackerID: s.trackerID,
	}
	p, sent, err := t.config.get(ctx, r, to, to.with(q.String()), timeout)
	var answer announceResponse
	if err == nil {
		answer, err = parseAnnounce(p.body, t.config.MaxPeers, event == swarm.Stopped)
		err = p.responseError(err, to.secrets)
	}
	if err != nil {
		if event == swarm.Started || event == swarm.Completed {
			s.pendingEvent = event
		}
		s.registered = s.registered || sent && !isRefusal(err)
		return announceResponse{}, err
	}
	s.registered, s.pendingEvent = true, swarm.None
	if answer.trackerID != "" {
		s.trackerID = answer.trackerID
	}
	return answer, nil
}

// isRefusal reports whether err shows that the tracker did not take our announce.
func isRefusal(err error) bool {
	var failure *FailureError
	var status *StatusError
	return errors.As(err, &failure) || errors.As(err, &status)
}

// merge adds what one route heard to the reply.
func (t *Tracker) merge(reply *Reply, r announceResponse, first bool, secrets []string) {
	interval := r.interval
	if interval == 0 {
		interval = defaultInterval
	}
	// A tracker that names no minInterval interval is still not to be asked as
	// often as one likes.
	minInterval := r.minInterval
	if minInterval == 0 {
		minInterval = min(interval, time.Minute)
	}
	minInterval = min(max(minInterval, t.config.MinInterval), t.config.MaxInterval)
	interval = max(min(max(interval, t.config.MinInterval), t.config.MaxInterval), minInterval)
	if first {
		reply.Next = interval
	}
	reply.Min = max(reply.Min, minInterval)
	reply.Next = max(min(reply.Next, interval), reply.Min)
	reply.Seeds = max(reply.Seeds, r.seeds)
	reply.Leechers = max(reply.Leechers, r.leechers)
	reply.Completed = max(reply.Completed, r.completed)
	if !reply.External.IsValid() {
		reply.External = r.external
	}
	if reply.Warning == "" {
		reply.Warning = cleanText(r.warning, secrets)
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
		s.neverAgain = failure
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
	return wait - wait/4 + time.Duration(rand.New(&t.random).Int64N(int64(wait/2)+1))
}
