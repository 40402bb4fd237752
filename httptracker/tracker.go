package httptracker

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/shoal-bt/shoal/swarm"
)

// A Tracker announces to one tracker. It is a swarm.PeerSource: calls of Announce for
// one swarm must not overlap, calls for several swarms may.
//
// The events follow https://www.bittorrent.org/beps/bep_0003.html#trackers. The first
// announce that succeeds says started, whatever its event is, unless it is completed.
// A completed that failed is repeated by the next announce. Stopped is not sent to a
// tracker that cannot have us registered.
type Tracker struct {
	config *Config // with defaults, shared with other trackers
	url    string  // valid, because New has parsed it
	key    uint32

	mu       sync.Mutex // guards what follows
	drawn    uint32     // random numbers
	sessions []*session // rarely more than one
}

// A session is the state of a swarm from its first announce to stopped. It is owned by
// the running call for that swarm.
type session struct {
	swarm    swarm.ID
	failures int32 // calls in a row
	routes   []routeSession
}

// A routeSession is the state of a session on one route. The tracker sees each route as
// a peer of its own.
type routeSession struct {
	registered   bool          // the tracker may have us in the swarm
	pendingEvent swarm.Event   // to send with the next announce; None if there is none
	trackerID    string        // to send back; stays if an answer has none
	neverAgain   *FailureError // the tracker asked never to be asked again (BEP 31)
}

// New makes a Tracker for an announce URL with scheme http or https. It does not use the
// network. Its errors do not contain the URL.
func New(url string, c Config) (*Tracker, error) { return NewTrackers(c).New(url) }

// Trackers makes Trackers that share one Config, so that many need little memory. It
// may be used concurrently.
type Trackers struct {
	config Config // with defaults
}

// NewTrackers makes Trackers with a Config.
func NewTrackers(c Config) *Trackers { return &Trackers{c.withDefaults()} }

// New makes a Tracker, as the function [New] does.
func (s *Trackers) New(url string) (*Tracker, error) {
	to, err := parseTarget(url)
	if err != nil {
		return nil, fmt.Errorf("httptracker: %w", err)
	}
	if _, err = s.config.routes(to.url.Hostname()); err != nil {
		return nil, fmt.Errorf("httptracker: %s: %w", to.shown, err)
	}
	t := &Tracker{config: &s.config, url: url, key: s.config.Key}
	if t.key == 0 {
		t.key = uint32(t.randomN(1 << 32))
	}
	return t, nil
}

// randomN returns a random number below n. It follows from Config.Seed, if that is set, and
// from how many there were before.
func (t *Tracker) randomN(n int64) int64 {
	seed := t.config.Seed
	if seed == 0 {
		return rand.Int64N(n)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.drawn++
	return rand.New(rand.NewPCG(seed, uint64(t.drawn))).Int64N(n)
}

// target returns the parsed URL. It is parsed for each call, so that an idle torrent
// needs less memory; so are the routes.
func (t *Tracker) target() target {
	to, _ := parseTarget(t.url) // New has checked it
	return to
}

func (t *Tracker) routes(to target) []route {
	routes, _ := t.config.routes(to.url.Hostname())
	return routes
}

// String returns the announce URL for display; see [Redact].
func (t *Tracker) String() string { return t.target().shown }

// A Reply is a tracker's complete answer to one announce.
type Reply struct {
	swarm.Answer
	Peers     []swarm.Address // may repeat if we announced from several addresses
	Completed int             // completed downloads, ever; -1 if unknown
}

// Announce announces once to the tracker with an announce URL, with the event of a. It
// needs no Tracker and remembers nothing, so it sends no tracker id. It may be called
// concurrently. The Reply is the caller's. With an error, Reply.Next and Reply.Min still
// say when to try again.
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

// Announce implements swarm.PeerSource. Answer.Next is the tracker's interval and
// Answer.Min its min interval. Announce never waits for them: the caller, such as the
// engine's announcer, must obey both. The error may match *FailureError, *StatusError
// or *ResponseError. After an error, Answer.Next is the back-off or the time that the
// tracker asked for; 0 if it asked never to be asked again.
func (t *Tracker) Announce(ctx context.Context, a swarm.Announcement, found func(swarm.Address)) (swarm.Answer, error) {
	to := t.target()
	s := t.session(to, a)
	if s == nil {
		return unknownAnswer(), ctx.Err()
	}
	reply, err := t.announce(ctx, to, a, s, found)
	return reply.Answer, err
}

// unknownAnswer returns an answer without any information.
func unknownAnswer() swarm.Answer { return swarm.Answer{Seeds: -1, Leechers: -1} }

// session returns the session of a swarm and makes it if necessary. With Stopped, it
// removes the session and returns nil if there is none.
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

// grace is how long an announce waits for other routes after the first has answered.
const grace = 5 * time.Second

// announce asks on all routes and merges the answers. If found is nil, it adds the
// addresses to the reply.
func (t *Tracker) announce(ctx context.Context, to target, a swarm.Announcement, s *session, found func(swarm.Address)) (Reply, error) {
	reply := Reply{Answer: unknownAnswer(), Completed: -1}
	if found == nil {
		found = func(p swarm.Address) { reply.Peers = append(reply.Peers, p) }
	}
	params := t.config.params(t.url, a)
	to.secrets = slices.Concat(params.Secrets, to.secrets)
	answered := false
	var errs []error
	for o := range askRoutes(ctx, t.routes(to), grace, func(ctx context.Context, i int, r route) (announceResponse, error) {
		return t.ask(ctx, r, to, a, params.Query, &s.routes[i])
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
		reply.Warning = joinTexts(reply.Warning, params.LeftOut)
		if a.Event == swarm.Stopped {
			reply.Next = 0
		}
		return reply, nil
	}
	err := joinRoutes(ctx, errs)
	if err == nil {
		return reply, nil // Stopped, and the tracker does not have us registered
	}
	if ctx.Err() == nil {
		s.failures++
	}
	t.schedule(&reply.Answer, errs, t.backoff(int(s.failures)))
	if a.Event == swarm.Stopped {
		reply.Next = 0
	}
	err = fmt.Errorf("httptracker: announce %s: %w", to.shown, err)
	if params.LeftOut != "" {
		err = fmt.Errorf("%w; %s", err, params.LeftOut)
	}
	return reply, err
}

// errNotRegistered is the error of a route on which Stopped need not be sent.
var errNotRegistered = errors.New("the tracker does not have us registered")

// ask makes one announce on one route, with params in its query, and updates its session.
func (t *Tracker) ask(ctx context.Context, r route, to target, a swarm.Announcement, params string, s *routeSession) (announceResponse, error) {
	event, want, timeout := a.Event, min(a.Want, t.config.MaxWant), t.config.Timeout
	switch {
	case s.neverAgain != nil:
		return announceResponse{}, s.neverAgain
	case event == swarm.Stopped && !s.registered:
		return announceResponse{}, errNotRegistered
	case event == swarm.Stopped:
		want, timeout = 0, t.config.StopTimeout
	case event == swarm.None || event == swarm.Paused:
		event = cmp.Or(s.pendingEvent, event)
	}
	q := announceQuery{
		a:         a,
		event:     event,
		want:      want,
		key:       t.key,
		ip:        t.config.IP,
		trackerID: s.trackerID,
		params:    params,
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
		s.registered = s.registered || (sent && !isRefusal(err))
		var failure *FailureError
		if errors.As(err, &failure) && failure.RetryIn < 0 {
			s.neverAgain = failure
		}
		var status *StatusError
		if errors.As(err, &status) && status.RetryIn == 0 {
			status.RetryIn = max(answer.interval, answer.minInterval)
		}
		return announceResponse{}, err
	}
	s.registered, s.pendingEvent = true, swarm.None
	if answer.trackerID != "" {
		s.trackerID = answer.trackerID
	}
	return answer, nil
}

// isRefusal reports whether err shows that the tracker did not register us.
func isRefusal(err error) bool {
	var failure *FailureError
	var status *StatusError
	return errors.As(err, &failure) || errors.As(err, &status)
}

// merge adds the answer of one route to the reply. Reply.Next becomes the interval and
// Reply.Min the min interval, within the bounds of Config; of several routes the shorter
// interval and the longer min interval count. See
// https://www.bittorrent.org/beps/bep_0003.html#trackers. This package has no timer: the
// engine's announcer obeys both.
func (t *Tracker) merge(reply *Reply, r announceResponse, first bool, secrets []string) {
	interval := r.interval
	if interval == 0 {
		interval = defaultInterval
	}
	interval, minInterval := t.config.bound(interval, r.minInterval)
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
		reply.Warning = r.warningText(secrets)
	}
}

// bound returns an interval and a min interval within the bounds of c. A tracker without
// min interval, which is then 0, must not be asked without limit either.
func (c *Config) bound(interval, minInterval time.Duration) (next, least time.Duration) {
	if minInterval == 0 {
		minInterval = min(interval, time.Minute)
	}
	least = min(max(minInterval, c.MinInterval), c.MaxInterval)
	return max(min(interval, c.MaxInterval), least), least
}

// schedule sets answer.Next and answer.Min after the errors of all routes. The routes on
// which the tracker answered decide: it is asked again when the longest of the waits that
// it asked for is over, and never if it asked for that on all of them.
func (t *Tracker) schedule(answer *swarm.Answer, errs []error, backoff time.Duration) {
	answered, mayAsk := false, false
	for _, err := range errs {
		var unreadable *ResponseError
		if !isRefusal(err) && !errors.As(err, &unreadable) {
			continue
		}
		answered = true
		var failure *FailureError
		if errors.As(err, &failure) && failure.RetryIn < 0 {
			continue
		}
		mayAsk = true
		next, least := t.waitAfter(err, backoff)
		answer.Next, answer.Min = max(answer.Next, next), max(answer.Min, least)
	}
	switch {
	case !answered:
		answer.Next, answer.Min = max(backoff, t.config.MinInterval), t.config.MinInterval
	case !mayAsk:
		answer.Next, answer.Min = 0, t.config.MaxInterval
	}
}

// waitAfter returns when to ask again after err, which a tracker answered. The tracker's
// own figures come first: retry in, https://www.bittorrent.org/beps/bep_0031.html, or
// Retry-After, or else the interval and min interval beside a failure reason, as those of
// a success. An interval shorter than Config.Backoff does not shorten the back-off,
// because a tracker that keeps refusing would be asked too often.
func (t *Tracker) waitAfter(err error, backoff time.Duration) (next, least time.Duration) {
	var failure *FailureError
	var status *StatusError
	var retryIn, interval, minInterval time.Duration
	switch {
	case errors.As(err, &failure):
		retryIn, interval, minInterval = failure.RetryIn, failure.Interval, failure.MinInterval
	case errors.As(err, &status):
		retryIn = status.RetryIn
	}
	if retryIn > 0 {
		return t.config.bound(retryIn, retryIn)
	}
	if interval == 0 && minInterval == 0 {
		minInterval = t.config.MinInterval
	}
	if interval < t.config.Backoff {
		interval = max(interval, backoff)
	}
	return t.config.bound(interval, minInterval)
}

// backoff returns the wait after a number of failures in a row. It varies at random by
// up to a quarter, so that clients do not all return to a tracker at the same time.
func (t *Tracker) backoff(failures int) time.Duration {
	wait := t.config.Backoff
	for range failures - 1 {
		if wait >= t.config.MaxBackoff {
			break
		}
		wait = min(2*wait, t.config.MaxBackoff)
	}
	return wait - wait/4 + time.Duration(t.randomN(int64(wait/2)+1))
}
