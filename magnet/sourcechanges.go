package magnet

import (
	"reflect"
	"slices"
	"time"

	"github.com/shoal-bt/shoal/protocol/announcing"
	"github.com/shoal-bt/shoal/swarm"
)

// SetSources has Run ask these sources, and no others. Those that it asks already go on as they
// are; of the others calls under way are ended, and they hear that we stopped.
func (f *Fetcher) SetSources(sources ...swarm.PeerSource) {
	sources = slices.Clone(sources)
	f.post(func(r *run) { r.setSources(sources) })
}

// Announce asks all sources for peers now, or as soon as they allow. Those that early returns are
// asked now in any case, because what they allowed was for others, as of tiers of trackers that were
// replaced. It is called as OnProgress is, and again when a call has ended that is under way now; nil
// means none.
func (f *Fetcher) Announce(early func() []swarm.PeerSource) {
	if early == nil {
		early = func() []swarm.PeerSource { return nil }
	}
	f.post(func(r *run) { r.announceSoon(time.Now(), early) })
}

// isSame reports whether two sources are one. Those that cannot be compared, such as swarm.List, are
// if they have the same content.
func isSame(a, b swarm.PeerSource) bool {
	if reflect.TypeOf(a).Comparable() && reflect.TypeOf(b).Comparable() {
		return a == b
	}
	return reflect.DeepEqual(a, b)
}

func contains(all []swarm.PeerSource, s swarm.PeerSource) bool {
	return slices.ContainsFunc(all, func(o swarm.PeerSource) bool { return isSame(o, s) })
}

// setSources removes and adds sources.
func (r *run) setSources(sources []swarm.PeerSource) {
	var asked []swarm.PeerSource
	for _, j := range slices.Clone(r.sources) {
		switch {
		case j.isLeaving:
		case contains(sources, j.Source):
			asked = append(asked, j.Source)
		default:
			r.removeSource(j)
		}
	}
	for _, s := range sources {
		if !contains(asked, s) {
			asked = append(asked, s)
			r.addSources([]swarm.PeerSource{s})
		}
	}
}

// removeSource tells a source that we stopped, if it may have heard of us. Until that is done the
// source is not called again, also if it is added meanwhile.
func (r *run) removeSource(j *job) {
	j.isLeaving = true
	state := j.state()
	r.tasks.Go(func() {
		stopSources([]announcing.State{state}, r.announcement(swarm.Stopped))
		r.post(func(r *run) {
			r.sources = slices.DeleteFunc(r.sources, func(o *job) bool { return o == j })
		})
	})
}

// mustWait reports whether a source that was removed, and hears that we stopped, is the same one.
func (r *run) mustWait(j *job) bool {
	return slices.ContainsFunc(r.sources, func(o *job) bool {
		return o.isLeaving && o.Swarm == j.Swarm && isSame(o.Source, j.Source)
	})
}

// announceSoon brings the next calls forward.
func (r *run) announceSoon(now time.Time, early func() []swarm.PeerSource) {
	atOnce := early()
	for _, j := range r.sources {
		switch {
		case j.call != nil:
			j.early = early
			continue
		case contains(atOnce, j.Source):
			j.Earliest = time.Time{}
		}
		next := later(now, j.Earliest)
		if j.Next.IsZero() || next.Before(j.Next) {
			j.Next = next
		}
	}
}
