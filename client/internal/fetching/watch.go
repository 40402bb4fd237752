package fetching

import (
	"github.com/shoal-bt/shoal/client/internal/fetchjob"
	"github.com/shoal-bt/shoal/engine"
	"github.com/shoal-bt/shoal/magnet"
)

// handlePeer notes what became of a peer, and emits it, unless the job was stopped.
func (f *Torrent) handlePeer(job *fetchjob.Job, e engine.Event) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.job == job {
		f.watch.HandleEvent(e)
		f.host.Report(e)
	}
}

// handleReply notes what a source said, and emits it, unless the job was stopped.
func (f *Torrent) handleReply(job *fetchjob.Job, r magnet.Reply) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.job == job {
		f.host.Report(f.watch.HandleReply(f.id, r))
	}
}

// Peers returns the connections.
func (f *Torrent) Peers() []engine.PeerStats {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.watch.Peers()
}

// Sources returns how each source is doing.
func (f *Torrent) Sources() []engine.SourceStats {
	sources := f.AllSources()
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.watch.Sources(f.id, sources)
}
