package client

import (
	"net/netip"
	"reflect"
	"slices"
	"time"

	"github.com/shoal-bt/shoal/engine"
	"github.com/shoal-bt/shoal/magnet"
	"github.com/shoal-bt/shoal/swarm"
)

// A fetchWatch is what a fetchJob met so far: what Peers and Sources return meanwhile. The mu
// of its fetching guards it.
type fetchWatch struct {
	peers   []engine.PeerStats // that are connected, in order of joining
	replies []engine.SourceStats
}

// handlePeer notes what became of a peer, and emits it, unless the job was stopped.
func (f *fetching) handlePeer(job *fetchJob, e engine.Event) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.job != job {
		return
	}
	switch e := e.(type) {
	case engine.PeerConnected:
		job.watch.peers = append(job.watch.peers, engine.PeerStats{
			Addr:     e.Addr,
			ID:       e.ID,
			Outgoing: e.Outgoing,
			Joined:   time.Now(),
		})
	case engine.PeerLost:
		job.watch.forget(e.Addr)
	}
	f.client.engine.Report(e)
}

// forget removes the oldest connection of an address.
func (w *fetchWatch) forget(a netip.AddrPort) {
	i := slices.IndexFunc(w.peers, func(p engine.PeerStats) bool { return p.Addr == a })
	if i >= 0 {
		w.peers = slices.Delete(w.peers, i, i+1)
	}
}

// handleReply notes what a source said, and emits it, unless the job was stopped.
func (f *fetching) handleReply(job *fetchJob, r magnet.Reply) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.job != job {
		return
	}
	said := engine.SourceStats{
		Source: r.Source,
		Swarm:  r.Swarm,
		Last:   time.Now(),
		Next:   r.Next,
		Answer: r.Answer,
		Err:    r.Err,
		Errors: r.Errors,
		Peers:  r.Peers,
	}
	w := &job.watch
	i := slices.IndexFunc(w.replies, func(o engine.SourceStats) bool { return o.Swarm == r.Swarm && sameSource(o.Source, r.Source) })
	if i >= 0 {
		w.replies[i] = said
	} else if len(w.replies) < maxReplies {
		w.replies = append(w.replies, said)
	}
	id := f.torrent.id
	if r.Err != nil {
		f.client.engine.Report(engine.SourceError{Torrent: id, Source: r.Source, Err: r.Err, Errors: r.Errors})
		return
	}
	f.client.engine.Report(engine.SourceReply{Torrent: id, Source: r.Source, Answer: r.Answer, Peers: r.Peers})
}

// maxReplies bounds what is kept of sources that cannot be compared.
const maxReplies = 1000

func (f *fetching) Peers() []engine.PeerStats {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.job == nil {
		return nil
	}
	return slices.Clone(f.job.watch.peers)
}

// Sources returns how each source is doing. One that has not answered has only its name; of
// those that cannot be compared, such as lists, it appears only if none has answered.
func (f *fetching) Sources() (all []engine.SourceStats) {
	sources := f.allSources()
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.job != nil {
		all = slices.Clone(f.job.watch.replies)
	}
	for _, s := range sources {
		hasAnswered := func(o engine.SourceStats) bool {
			kind := reflect.TypeOf(s)
			return sameSource(o.Source, s) || (!kind.Comparable() && reflect.TypeOf(o.Source) == kind)
		}
		if !slices.ContainsFunc(all, hasAnswered) {
			all = append(all, engine.SourceStats{Source: s, Swarm: f.torrent.id, Answer: swarm.Answer{Seeds: -1, Leechers: -1}})
		}
	}
	return all
}
