package client

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/shoal-bt/shoal/engine"
	"github.com/shoal-bt/shoal/httptracker"
	"github.com/shoal-bt/shoal/metainfo"
	"github.com/shoal-bt/shoal/swarm"
)

// Limits of what one link may cause.
const (
	maxLinkNames = 20 // names of peers that are looked up
	maxLinkURLs  = 20 // addresses of .torrent files that are asked
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
		f.job, f.stats = nil, FetchStats{}
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

// fetch asks peers and the web. The first that has the metadata is enough.
func (f *fetching) fetch(ctx context.Context, job *fetchJob) error {
	link := f.linkNow()
	fromWeb, fromPeers := make(chan *metainfo.Torrent, 1), make(chan peerResult, 1)
	asking, stop := context.WithCancel(ctx)
	defer stop()
	go func() { fromWeb <- f.askWeb(asking, link) }()
	request := peerRequest{
		link:     link,
		sources:  f.allSources(),
		peers:    f.namedPeers(asking, link, job),
		more:     job.more,
		progress: func(s FetchStats) { f.setStats(job, s) },
	}
	go func() { fromPeers <- f.client.fromPeers(asking, request) }()
	var meta *metainfo.Torrent
	var peers peerResult
	select {
	case meta = <-fromWeb:
		if meta != nil {
			stop()
		}
		peers = <-fromPeers
	case peers = <-fromPeers:
		if peers.err == nil {
			stop()
		}
		meta = <-fromWeb
	}
	defer peers.close()
	switch {
	case meta != nil:
	case peers.err != nil:
		return peers.err
	default:
		var err error
		if meta, err = f.client.readMetadata(peers.info, link); err != nil {
			f.saveInvalid(peers.info)
			return err
		}
	}
	if !f.take() {
		return nil // somebody else ends the fetch
	}
	meta = withLink(meta, link)
	err := f.saveMetadata(meta)
	if err == nil {
		o := f.options
		o.Paused, o.Peers, o.Sources = f.isPaused(), nil, nil // handOver adds these
		_, err = f.client.addTorrent(ctx, meta, o, addedFrom{link: link, fetch: f, peers: peers})
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

// namedPeers returns the peers that the user and the link name. It looks up those that have
// names, and hands them to the job when they are known.
func (f *fetching) namedPeers(ctx context.Context, link *metainfo.Magnet, job *fetchJob) (all []netip.AddrPort) {
	f.mu.Lock()
	all = slices.Concat(f.peers, linkPeers(link))
	f.mu.Unlock()
	var names []string
	for _, text := range link.Peers {
		if _, err := netip.ParseAddrPort(text); err != nil && len(names) < maxLinkNames {
			names = append(names, text)
		}
	}
	if len(names) > 0 {
		go func() {
			for _, name := range names {
				if found, err := LookupPeer(ctx, name); err == nil {
					job.addPeers(found)
				}
			}
		}()
	}
	return all
}

// askWeb gets the .torrent file from the addresses of the link, one after the other: the exact
// sources (xs), then those to fall back on (as). It returns nil if none has it.
func (f *fetching) askWeb(ctx context.Context, link *metainfo.Magnet) *metainfo.Torrent {
	asked := 0
	for _, address := range slices.Concat(link.Sources, link.Acceptable) {
		lower := strings.ToLower(address)
		isWeb := strings.HasPrefix(lower, "http://") || strings.HasPrefix(lower, "https://")
		if !isWeb || asked == maxLinkURLs || ctx.Err() != nil {
			continue
		}
		asked++
		t, err := f.client.config.linkOptions().Torrent(ctx, address)
		if err == nil && !fits(t.Info, link) {
			err = fmt.Errorf("%s: %w", httptracker.Redact(address), errOtherTorrent)
		}
		if err == nil {
			return t
		}
		if ctx.Err() == nil {
			f.warn(fmt.Errorf("the link names a .torrent file that cannot be used: %w", err))
		}
	}
	return nil
}
