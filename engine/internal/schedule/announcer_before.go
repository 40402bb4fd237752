package schedule

import (
	"github.com/shoal-bt/shoal/protocol/announcing"
	"github.com/shoal-bt/shoal/swarm"
)

// goOn continues with what another has announced to a source, so that it does not hear
// Started again, and no call comes before its time. A call under way takes a place, and
// so do those that are due.
func (a *Announcer) goOn(j *job, s announcing.State) {
	j.lastAt, j.min, j.answer = s.Last, s.Earliest, s.Answer
	j.err, j.errors, j.peers = s.Err, int32(s.Errors), int32(s.Peers)
	j.registered = s.Registered
	j.started = s.Registered || s.Call != nil
	switch {
	case s.Call != nil:
		j.queued = append(j.queued, swarm.Started)
		a.beginCall(j, s.Call)
		if !j.busy { // the torrent is being closed
			a.done.Go(s.Call.End)
		}
	case s.Registered:
		a.queue.Set(&j.due, s.Next)
	case s.Err != nil:
		j.answer.Min = s.Next.Sub(s.Last) // Started, which follows, waits as long as a repeated call
	}
}
