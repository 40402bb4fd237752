package client

import (
	"context"
	"errors"
	"net/netip"
	"slices"

	"github.com/shoal-bt/shoal/client/internal/fetchwatch"
	"github.com/shoal-bt/shoal/client/internal/linkrecord"
	"github.com/shoal-bt/shoal/client/internal/metadata"
	"github.com/shoal-bt/shoal/engine"
	"github.com/shoal-bt/shoal/magnet"
	"github.com/shoal-bt/shoal/swarm"
)

// A fetchJob gets the metadata of a torrent, from peers and from the web side by side, on
// goroutines for which Close waits.
type fetchJob struct {
	cancel context.CancelFunc
	done   chan struct{}
	more   chan []netip.AddrPort // peers that the user names meanwhile
}

// addPeers hands on peers. If there are too many to keep, the next job gets them.
func (j *fetchJob) addPeers(peers []netip.AddrPort) {
	select {
	case j.more <- slices.Clone(peers):
	default:
	}
}

// startJob starts a job when the former one has ended, unless there is one, or there should
// be none. The caller holds mu.
func (f *fetching) startJob() {
	stopped := f.paused || f.err != nil || f.closed != nil || f.next != nil
	if f.job != nil || stopped || f.client.beginCall() != nil {
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	job := &fetchJob{cancel: cancel, done: make(chan struct{}), more: make(chan []netip.AddrPort, 16)}
	before := f.ended
	f.job, f.ended = job, job.done
	go func() {
		defer f.client.endCall()
		defer close(job.done)
		defer cancel()
		if before != nil {
			<-before // calls of a source never overlap
		}
		ctx, cancel := f.client.callContext(ctx)
		defer cancel()
		f.run(ctx, job)
	}()
}

// stopJob ends the job, if there is one. The caller holds mu.
func (f *fetching) stopJob() {
	if f.job != nil {
		f.job.cancel()
		f.job, f.stats, f.watch = nil, FetchStats{}, fetchwatch.Watch{}
	}
}

// restartJob has the next job use what has changed. The caller holds mu.
func (f *fetching) restartJob() {
	if f.job != nil {
		f.stopJob()
		f.startJob()
	}
}

// awaitJob waits until the last job has ended.
func (f *fetching) awaitJob() {
	f.mu.Lock()
	ended := f.ended
	f.mu.Unlock()
	if ended != nil {
		<-ended
	}
}

// run gets the metadata and starts the torrent.
func (f *fetching) run(ctx context.Context, job *fetchJob) {
	if err := f.fetch(ctx, job); err != nil && ctx.Err() == nil {
		f.fail(err)
	}
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

// fetch gets the metadata, saves it, and makes the torrent a running one.
func (f *fetching) fetch(ctx context.Context, job *fetchJob) error {
	link := f.linkNow()
	request := metadata.Request{
		Link:     link,
		Sources:  f.allSources(),
		Peers:    f.userPeers(),
		More:     job.more,
		Metainfo: f.client.config.Metainfo,
		Web:      f.client.config.linkOptions(),
		Progress: func(s FetchStats) { f.setStats(job, s) },
		Warn:     f.warn,
		Event:    func(e engine.Event) { f.handlePeer(job, e) },
		Reply:    func(r magnet.Reply) { f.handleReply(job, r) },
	}
	if own := f.options.Engine; own != nil {
		request.PeerID, request.UserAgent = own.PeerID, own.UserAgent
	}
	meta, found, raw, err := metadata.Fetch(ctx, request, f.client.askPeers)
	defer found.Close()
	if err != nil && raw != nil && f.folder != nil {
		err = errors.Join(err, linkrecord.SaveInvalid(f.folder, f.torrent.id, raw))
	}
	if err != nil {
		return err
	}
	if !f.take() {
		return nil // somebody else ends the fetch
	}
	meta = metadata.WithLink(meta, link)
	if f.folder != nil {
		err = linkrecord.SaveMetadata(f.folder, f.torrent.id, meta)
	}
	if err == nil {
		o := f.options
		o.Paused = o.MetadataOnly || f.isPaused()
		o.Peers, o.Sources = nil, nil // handOver adds these
		_, err = f.client.addTorrent(ctx, meta, o, addedFrom{link: link, fetch: f, found: &found})
	}
	if err != nil {
		f.release()
	}
	return err
}

// setStats notes how far a job is, unless it was stopped.
func (f *fetching) setStats(job *fetchJob, s FetchStats) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.job == job {
		f.stats = s
	}
}

// allSources returns the sources that the fetch asks.
func (f *fetching) allSources() []swarm.PeerSource {
	all := f.trackers.Sources()
	f.mu.Lock()
	defer f.mu.Unlock()
	return append(all, f.sources...)
}
