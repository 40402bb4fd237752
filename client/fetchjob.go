package client

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
	"github.com/shoal-bt/shoal/metainfo"
	"github.com/shoal-bt/shoal/swarm"
)

// startJob starts a job when the former one has ended, unless there is one, or there should
// be none. The caller holds mu.
func (f *fetching) startJob() {
	stopped := f.wishes.Paused || f.err != nil || f.closed != nil || f.next != nil
	if f.job != nil || stopped || f.client.beginCall() != nil {
		return
	}
	job, ctx := fetchjob.New()
	before := f.last
	f.job, f.last = job, job
	go func() {
		defer f.client.endCall()
		defer job.End()
		before.Await().Close() // calls of a source never overlap
		ctx, cancel := f.client.callContext(ctx)
		defer cancel()
		f.run(ctx, job)
	}()
}

// stopJob ends the job, if there is one. The caller holds mu.
func (f *fetching) stopJob() {
	if f.job != nil {
		f.job.Cancel()
		f.dropJob()
	}
}

// dropJob forgets the job, which ends. The caller holds mu.
func (f *fetching) dropJob() { f.job, f.stats, f.watch = nil, FetchStats{}, fetchwatch.Watch{} }

// changeJob has the job ask other sources, or the same as soon as they allow. If it has the metadata
// by now, the next job does. The caller holds mu.
func (f *fetching) changeJob() {
	if f.job != nil && !f.job.Change() {
		f.restartJob()
	}
}

// restartJob has the next job use what has changed. The caller holds mu.
func (f *fetching) restartJob() {
	if f.job != nil {
		f.stopJob()
		f.startJob()
	}
}

// awaitJob waits until the last job has ended, and returns what it hands over.
func (f *fetching) awaitJob() *magnet.Result {
	f.mu.Lock()
	last := f.last
	f.mu.Unlock()
	return last.Await()
}

// handOver ends the job, and returns what it knows. The caller has the token.
func (f *fetching) handOver() *magnet.Result {
	f.mu.Lock()
	if f.job != nil {
		f.job.HandOver()
		f.dropJob()
	}
	f.mu.Unlock()
	return f.awaitJob()
}

// run gets the metadata and starts the torrent.
func (f *fetching) run(ctx context.Context, job *fetchjob.Job) {
	found, err := f.fetch(ctx, job)
	if err != nil && ctx.Err() == nil {
		f.fail(err)
	}
	found.Close()
	f.client.leaveDHT(f.torrent) // if it has proved private
}

// fail notes why the fetch ended. Resume tries again.
func (f *fetching) fail(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed != nil || f.next != nil {
		return
	}
	f.stopJob()
	f.err = err
	f.client.engine.Report(engine.Failed{Torrent: f.torrent.id, Err: err})
	f.notify()
}

// fetch gets the metadata, saves it, and makes the torrent a running one. It returns what is to
// be closed.
func (f *fetching) fetch(ctx context.Context, job *fetchjob.Job) (*magnet.Result, error) {
	link := f.linkNow()
	request := metadata.Request{
		Link:       link,
		Sources:    f.allSources(),
		Peers:      f.wishesNow().Peers,
		More:       job.More(),
		Changes:    job.Changes(),
		SourcesNow: f.allSources,
		Early:      f.trackers.Early,
		Stop:       job.Stop(),
		Metainfo:   f.client.config.Metainfo,
		Interested: !f.options.MetadataOnly && !f.options.ReadOnly,
		Web:        f.client.config.linkOptions(),
		Progress:   func(s FetchStats) { f.setStats(job, s) },
		Warn:       f.warn,
		Event:      func(e engine.Event) { f.handlePeer(job, e) },
		Reply:      func(r magnet.Reply) { f.handleReply(job, r) },
	}
	if own := f.options.Engine; own != nil {
		request.PeerID, request.UserAgent = own.PeerID, own.UserAgent
	}
	meta, found, err := linkrecord.Fetch(ctx, f.folder, request, f.client.askPeers)
	job.Settle()
	link = f.linkNow() // with what came meanwhile
	switch {
	case err != nil || ctx.Err() != nil:
		return found, err
	case meta == nil: // another claim got the fetch
		job.Leave(found)
		return nil, nil
	}
	o := f.options
	o.Paused = o.MetadataOnly || f.wishesNow().Paused
	o.Peers, o.Sources = nil, nil // the claim adds these
	from := addedFrom{link: link, fetch: f, found: found, handOver: job.Stop()}
	_, err = f.client.addTorrent(ctx, metadata.WithLink(meta, link), o, from)
	if errors.Is(err, errHandedOver) {
		job.Leave(found)
		return nil, nil
	}
	return found, err
}

// saveMetadata saves what the job got, so that it need not be fetched again.
func (f *fetching) saveMetadata(meta *metainfo.Torrent) error {
	if f.folder == nil {
		return nil
	}
	return linkrecord.SaveMetadata(f.folder, f.torrent.id, meta)
}

// setStats notes how far a job is, unless it was stopped.
func (f *fetching) setStats(job *fetchjob.Job, s FetchStats) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.job == job {
		f.stats = s
	}
}

// allSources returns the sources that the fetch asks.
func (f *fetching) allSources() []swarm.PeerSource {
	w := f.wishesNow()
	return slices.Concat(f.trackers.Sources(), f.client.sharedSources(false), w.Sources())
}
