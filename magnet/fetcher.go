package magnet

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/shoal-bt/shoal/connect"
	"github.com/shoal-bt/shoal/magnet/fetch"
	"github.com/shoal-bt/shoal/protocol/places"
	"github.com/shoal-bt/shoal/swarm"
)

// ErrEnded is the error of a second Run.
var ErrEnded = errors.New("magnet: a Fetcher runs only once; make a new one")

// Fetch gets the metadata of a torrent from its peers. It waits until there are some, and
// returns only with the metadata, when ctx is done, or if the metadata cannot be had: the
// error then wraps fetch.ErrTwoTorrents or a *fetch.SizeError. Use a Fetcher to add peers
// while it runs.
func Fetch(ctx context.Context, o Options) (*Result, error) {
	f, err := New(o)
	if err != nil {
		return nil, err
	}
	return f.Run(ctx)
}

// A Fetcher gets the metadata of one torrent. Its methods may be called concurrently.
type Fetcher struct {
	options Options
	swarms  []swarm.ID

	mu       sync.Mutex
	posted   []func(*run)
	state    runState
	progress Progress

	wake chan struct{} // holds a token if something was posted
}

type runState uint8

const (
	ready runState = iota
	running
	ended
)

// New returns a Fetcher, which does nothing until Run. It fails if a required option is
// missing.
func New(o Options) (*Fetcher, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, err
	}
	f := &Fetcher{options: o, swarms: o.swarms(), wake: make(chan struct{}, 1)}
	f.AddPeers(o.Peers...)
	f.AddSources(o.Sources...)
	return f, nil
}

// AddPeers adds addresses that the user or the link named. It does nothing once Run has
// ended.
func (f *Fetcher) AddPeers(peers ...swarm.Address) {
	f.post(func(r *run) { r.found(peers, r.allSwarms(), Origin{User: true}) })
}

// AddSources adds sources of peers, which are asked at once.
func (f *Fetcher) AddSources(sources ...swarm.PeerSource) {
	f.post(func(r *run) { r.addSources(sources) })
}

// AddConn hands over a connection that has shaken hands in a swarm of the link and on which
// nothing was sent since. The Fetcher owns it from now on, and closes it if it has no place
// for it. Connections that the Connector accepts come without this.
func (f *Fetcher) AddConn(c *connect.Conn) {
	if !f.post(func(r *run) { r.adopt(c) }) {
		c.Close()
	}
}

// Stop ends Run, because the metadata came from elsewhere: Run returns a Result without
// Info, for a torrent to go on with, and no error. If it has the metadata by then, it returns
// that.
func (f *Fetcher) Stop() {
	f.post(func(r *run) { r.isStopped = true })
}

// Progress returns how far the fetch is.
func (f *Fetcher) Progress() Progress {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.progress
}

// post has Run call do. It reports false if Run has ended.
func (f *Fetcher) post(do func(*run)) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.state == ended {
		return false
	}
	f.posted = append(f.posted, do)
	select {
	case f.wake <- struct{}{}:
	default:
	}
	return true
}

// takePosted returns what was posted since the last call.
func (f *Fetcher) takePosted() (posted []func(*run)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	posted, f.posted = f.posted, nil
	return posted
}

// end refuses what is posted from now on.
func (f *Fetcher) end() (posted []func(*run)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.state = ended
	posted, f.posted = f.posted, nil
	return posted
}

// begin begins the one Run.
func (f *Fetcher) begin() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.state != ready {
		return ErrEnded
	}
	f.state = running
	return nil
}

// Run fetches the metadata, as Fetch does. It must be called once, because connections that
// were handed over are closed at its end only. When it returns, no goroutine is left but those
// of the calls of sources that the Result has.
func (f *Fetcher) Run(ctx context.Context) (*Result, error) {
	if err := f.begin(); err != nil {
		return nil, err
	}
	r := newRun(ctx, f)
	r.accept()
	defer r.stopAccepting()
	info, err := r.loop()
	if err != nil {
		r.abandon()
		return nil, fmt.Errorf("magnet: fetching metadata: %w", err)
	}
	return r.handOver(info), nil
}

// A run is the state of Run, which its goroutine owns.
type run struct {
	*Fetcher
	ctx    context.Context
	cancel context.CancelFunc // ends dials
	tasks  sync.WaitGroup     // dials under way, and the goroutines of connections

	state    *fetch.State
	nextTurn time.Time
	conns    map[swarm.Peer]*conn
	lastPeer swarm.Peer
	limits   places.Limits
	places   places.Count
	ends     Ends
	addresses
	accepting
	sources   []*job
	calls     int  // of sources, under way
	isStopped bool // Stop was called
	isOver    bool // connections are kept as they are
}

func newRun(ctx context.Context, f *Fetcher) *run {
	o := f.options
	r := &run{
		Fetcher: f,
		state: fetch.New(fetch.Config{
			HashV1:     o.HashV1,
			HashV2:     o.HashV2,
			MaxSize:    o.MaxSize,
			UserAgent:  o.UserAgent,
			Port:       o.Port,
			Reqq:       o.Reqq,
			NoPEX:      o.NoPEX,
			Interested: o.Interested,
		}),
		conns:     make(map[swarm.Peer]*conn),
		limits:    places.Limits{Total: o.MaxPeers}.Defaults(),
		addresses: newAddresses(),
		accepting: accepting{dhtPort: o.DHTPort()},
	}
	r.ctx, r.cancel = context.WithCancel(ctx)
	return r
}

// loop runs until the metadata is there, or never will be, or nobody wants it: then both are
// nil.
func (r *run) loop() (info []byte, err error) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-r.ctx.Done():
			return nil, context.Cause(r.ctx)
		case <-r.wake:
		case <-timer.C:
		}
		for _, do := range r.takePosted() {
			do(r)
		}
		info, err := r.settle()
		if info != nil || err != nil || r.isStopped {
			return info, err
		}
		timer.Reset(r.untilNext())
	}
}
