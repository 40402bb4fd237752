package schedule

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/shoal-bt/shoal/protocol"
	"github.com/shoal-bt/shoal/swarm"
	"github.com/stretchr/testify/require"
)

// owner is a torrent with one swarm.
type owner struct {
	tasks   sync.WaitGroup
	closing bool
}

func (o *owner) Post(protocol.Input)                      {}
func (o *owner) BeginTask() bool                          { o.tasks.Add(1); return true }
func (o *owner) AddTask()                                 { o.tasks.Add(1) }
func (o *owner) EndTask()                                 { o.tasks.Done() }
func (o *owner) Closing() bool                            { return o.closing }
func (o *owner) Swarms() []swarm.ID                       { return []swarm.ID{{1}} }
func (o *owner) Called(Reply)                             {}
func (o *owner) Announcement() (swarm.Announcement, bool) { return swarm.Announcement{}, !o.closing }

// source keeps the events that it is told.
type source struct{ heard []swarm.Event }

func (s *source) Announce(_ context.Context, a swarm.Announcement, _ func(swarm.Address)) (swarm.Answer, error) {
	s.heard = append(s.heard, a.Event)
	return swarm.Answer{}, nil
}

// A source hears Started once for each time that the torrent starts, also if it is added
// while that happens.
func TestStartedIsToldOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, o, s := NewAnnouncer(4), new(owner), new(source)
		defer a.Close()
		var all Sources
		tell := func(e swarm.Event) {
			a.Announce(&all, protocol.Announce{Event: e}, swarm.Announcement{})
		}
		a.Add(o, &all, s, true)
		tell(swarm.Started)
		synctest.Wait()
		tell(swarm.Started)
		synctest.Wait()
		require.Equal(t, []swarm.Event{swarm.Started}, s.heard)
		tell(swarm.Stopped)
		synctest.Wait()
		tell(swarm.Started)
		synctest.Wait()
		require.Equal(t, []swarm.Event{swarm.Started, swarm.Stopped, swarm.Started}, s.heard)
		o.tasks.Wait()
	})
}

// A torrent that is closed just as it says that it is complete still says so.
func TestCompletedIsToldBeforeStopped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, o, s := NewAnnouncer(4), new(owner), new(source)
		defer a.Close()
		var all Sources
		a.Add(o, &all, s, true)
		synctest.Wait()
		o.closing = true // the figures cannot be had any more
		a.Announce(&all, protocol.Announce{Event: swarm.Completed}, swarm.Announcement{})
		synctest.Wait()
		a.Announce(&all, protocol.Announce{Event: swarm.Stopped}, swarm.Announcement{})
		synctest.Wait()
		require.Equal(t, []swarm.Event{swarm.Started, swarm.Completed, swarm.Stopped}, s.heard)
		o.tasks.Wait()
	})
}
