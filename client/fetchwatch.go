package client

import (
	"github.com/shoal-bt/shoal/client/internal/fetchjob"
	"github.com/shoal-bt/shoal/engine"
	"github.com/shoal-bt/shoal/magnet"
)

// handlePeer notes what became of a peer, and emits it, unless the job was stopped.
func (f *fetching) handlePeer(job *fetchjob.Job, e engine.Event) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.job == job {
		f.watch.HandleEvent(e)
		f.client.engine.Report(e)
	}
}

// handleReply notes what a source said, and emits it, unless the job was stopped.
func (f *fetching) handleReply(job *fetchjob.Job, r magnet.Reply) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.job == job {
		f.client.engine.Report(f.watch.HandleReply(f.torrent.id, r))
	}
}

func (f *fetching) Peers() []engine.PeerStats {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.watch.Peers()
}

func (f *fetching) Sources() []engine.SourceStats {
	sources := f.allSources()
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.watch.Sources(f.torrent.id, sources)
}
