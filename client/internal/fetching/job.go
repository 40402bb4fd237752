package fetching

import (
	"context"
	"errors"
	"slices"

	"github.com/shoal-bt/shoal/client/internal/fetchjob"
	"github.com/shoal-bt/shoal/client/internal/fetchwatch"
	"github.com/shoal-bt/shoal/client/internal/linkrecord"
	"github.com/shoal-bt/shoal/client/internal/metadata"
	"github.com/shoal-bt/shoal/engine"
	"github.com/shoal-bt/shoal/magnet"
	"github.com/shoal-bt/shoal/swarm"
)

// Start starts a job, unless there is one, or there should be none.
func (f *Torrent) Start() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.startJob()
}

// startJob starts a job when the former one has ended, unless there is one, or there should
// be none. The caller holds mu.
func (f *Torrent) startJob() {
	stopped := f.wishes.Paused || f.err != nil || f.closed != nil || f.next != nil
	if f.job != nil || stopped || f.host.BeginCall() != nil {
		return
	}
	job, ctx := fetchjob.New()
	before := f.last
	f.job, f.last = job, job
	go func() {
		defer f.host.EndCall()
		defer job.End()
		before.Await().Close() // calls of a source never overlap
		ctx, cancel := f.host.CallContext(ctx)
		defer cancel()
		f.run(ctx, job)
	}()
}

// stopJob ends the job, if there is one. The caller holds mu.
func (f *Torrent) stopJob() {
	if f.job != nil {
		f.job.Cancel()
		f.dropJob()
	}
}

// dropJob forgets the job, which ends. The caller holds mu.
func (f *Torrent) dropJob() { f.job, f.stats, f.watch = nil, Stats{}, fetchwatch.Watch{} }

// changeJob has the job ask other sources, or the same as soon as they allow. If it has the metadata
// by now, the next job does. The caller holds mu.
func (f *Torrent) changeJob() {
	if f.job != nil && !f.job.Change() {
		f.restartJob()
	}
}

// restartJob has the next job use what has changed. The caller holds mu.
func (f *Torrent) restartJob() {
	if f.job != nil {
		f.stopJob()
		f.startJob()
	}
}

// AwaitJob waits until the last job has ended, and returns what it hands over.
func (f *Torrent) AwaitJob() *magnet.Result {
	f.mu.Lock()
	last := f.last
	f.mu.Unlock()
	return last.Await()
}

// run gets the metadata and starts the torrent.
func (f *Torrent) run(ctx context.Context, job *fetchjob.Job) {
	found, err := f.fetch(ctx, job)
	if err != nil && ctx.Err() == nil {
		f.fail(err)
	}
	found.Close()
	f.host.Ended()
}

// fail notes why the fetch ended. Resume tries again.
func (f *Torrent) fail(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed != nil || f.next != nil {
		return
	}
	f.stopJob()
	f.err = err
	f.host.Report(engine.Failed{Torrent: f.id, Err: err})
	f.notify()
}

// fetch gets the metadata, saves it, and makes the torrent a running one. It returns what is to
// be closed.
func (f *Torrent) fetch(ctx context.Context, job *fetchjob.Job) (*magnet.Result, error) {
	link := f.Link()
	request := metadata.Request{
		Link:       link,
		Sources:    f.AllSources(),
		Peers:      f.Wishes().Peers,
		More:       job.More(),
		Changes:    job.Changes(),
		SourcesNow: f.AllSources,
		Early:      f.trackers.Early,
		Stop:       job.Stop(),
		Metainfo:   f.config.Metainfo,
		Interested: f.config.Interested,
		Web:        f.config.Web,
		Progress:   func(s Stats) { f.setStats(job, s) },
		Warn:       f.host.Warn,
		Event:      func(e engine.Event) { f.handlePeer(job, e) },
		Reply:      func(r magnet.Reply) { f.handleReply(job, r) },
		PeerID:     f.config.PeerID,
		UserAgent:  f.config.UserAgent,
	}
	meta, found, err := linkrecord.Fetch(ctx, f.folder, request, f.host.Ask)
	job.Settle()
	link = f.Link() // with what came meanwhile
	switch {
	case err != nil || ctx.Err() != nil:
		return found, err
	case meta == nil: // another claim got the fetch
		job.Leave(found)
		return nil, nil
	}
	err = f.host.Start(ctx, metadata.WithLink(meta, link), Found{Link: link, Result: found, HandOver: job.Stop()})
	if errors.Is(err, ErrHandedOver) {
		job.Leave(found)
		return nil, nil
	}
	return found, err
}

// setStats notes how far a job is, unless it was stopped.
func (f *Torrent) setStats(job *fetchjob.Job, s Stats) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.job == job {
		f.stats = s
	}
}

// AllSources returns the sources that the fetch asks.
func (f *Torrent) AllSources() []swarm.PeerSource {
	w := f.Wishes()
	return slices.Concat(f.trackers.Sources(), f.host.SharedSources(), w.Sources())
}
