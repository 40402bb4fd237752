package swarmsim

import (
	"math/rand/v2"
	"slices"
	"time"

	"github.com/shoal-bt/shoal/protocol"
	"github.com/shoal-bt/shoal/swarm"
)

const (
	announceEvery = 30 * time.Minute
	announceMin   = time.Minute // between two announces of a peer, unless an event is announced
)

// A tracker hands out addresses of those who take part, at random.
type tracker struct {
	world  *world
	queue  queue
	random *rand.Rand
	listed []int // peers by number, in no particular order
}

// An announcement is on its way to the tracker, and found is the answer. An announceDue
// has a node announce.
type (
	announcement struct {
		from  *node
		event swarm.Event
		want  int
	}
	found       []swarm.Address
	announceDue struct{ event swarm.Event }
)

// runUntil answers what arrives before a time.
func (t *tracker) runUntil(end time.Duration) {
	for t.queue.nextAt() < end {
		at := t.queue.nextAt()
		t.answer(at, t.queue.pop().(announcement))
	}
	t.world.next[len(t.world.nodes)] = t.queue.nextAt()
}

func (t *tracker) answer(now time.Duration, a announcement) {
	i := slices.Index(t.listed, a.from.index)
	switch {
	case a.event == swarm.Stopped:
		if i >= 0 {
			t.listed = slices.Delete(t.listed, i, i+1)
		}
		return
	case i < 0:
		t.listed = append(t.listed, a.from.index)
	}
	var all found
	for k := range t.listed {
		if len(all) >= min(a.want, t.world.sim.MaxFound) {
			break
		}
		// The first k were drawn already.
		other := k + t.random.IntN(len(t.listed)-k)
		t.listed[k], t.listed[other] = t.listed[other], t.listed[k]
		if t.listed[k] != a.from.index {
			all = append(all, swarm.Address{AddrPort: addressOf(t.listed[k])})
		}
	}
	t.world.add(a.from, now+a.from.peer.Link.Delay, t.queue.newKey(), all)
}

// An announcer is when a node announces itself.
type announcer struct {
	announcedAt time.Duration // the last announce
	dueAt       time.Duration // the next one that is in the queue; zero for none
}

// announce does what a State asks for: an event at once, another call when the tracker
// allows it.
func (n *node) announce(a protocol.Announce) {
	if a.Event != swarm.None {
		n.announceNow(a.Event)
		return
	}
	n.announceAt(max(n.now, n.announcedAt+announceMin))
}

// announced schedules the next regular announce.
func (n *node) announced() { n.announceAt(n.announcedAt + announceEvery) }

func (n *node) announceAt(at time.Duration) {
	if n.dueAt == 0 || at < n.dueAt || n.dueAt < n.now {
		n.dueAt = at
		n.post(at, announceDue{})
	}
}

// announceNow sends an announcement.
func (n *node) announceNow(e swarm.Event) {
	isOld := e == swarm.None && n.dueAt != n.now // an earlier one took its place
	if n.state == nil || isOld {
		return
	}
	n.announcedAt, n.dueAt = n.now, 0
	t := &n.world.tracker
	at := n.now + n.peer.Link.Delay
	t.queue.push(at, n.queue.newKey(), announcement{n, e, n.state.Announcement().Want})
	last := len(n.world.nodes)
	n.world.next[last] = min(n.world.next[last], at)
}
