package discovery

import (
	"cmp"
	"slices"
	"time"

	"github.com/shoal-bt/shoal/lsd/message"
	"github.com/shoal-bt/shoal/swarm"
)

const (
	// Interval is after how long a swarm is announced again on a link
	// (https://www.bittorrent.org/beps/bep_0014.html#usage).
	Interval = 5 * time.Minute

	between = time.Minute // two datagrams on one link, at least
	gather  = time.Second // what joins within it is announced together
	fewest  = int(Interval / between)
)

// The groups to which announces are sent: https://www.bittorrent.org/beps/bep_0014.html#protocol.
const (
	Group4 = "239.192.152.143"
	Group6 = "ff15::efc0:988f"
	Port   = 6771

	host4 = Group4 + ":6771"
	host6 = "[" + Group6 + "]:6771"
)

// nextAt returns when a datagram may be sent that is wanted at a time.
func (l *link) nextAt(wanted time.Time) time.Time {
	if l.sentAt.IsZero() || wanted.Sub(l.sentAt) >= between {
		return wanted
	}
	return l.sentAt.Add(between)
}

// announce sends what is due on a link. wakeAt is never less than a minute after the last
// datagram.
func (s *State) announce(now time.Time, l *link) {
	if l.wakeAt.IsZero() || now.Before(l.wakeAt) {
		return
	}
	m := message.Message{Host: host4, Cookie: s.cookie}
	if l.Is6 {
		m.Host = host6
	}
	picked := s.pick(now, l)
	if len(picked) > 0 {
		m.Port = picked[0].port
		picked = picked[:min(len(picked), m.Fit())]
		for _, t := range picked {
			m.Swarms = append(m.Swarms, t.id)
		}
		rotate(m.Swarms, l.count)
		s.send = append(s.send, Datagram{Link: l.Link, Bytes: m.AppendTo(nil)})
		s.stats.Sent++
		l.sent(now, picked, len(s.torrents) <= fewest)
	}
	l.wakeAt = time.Time{}
	for _, t := range s.torrents {
		if t.port != 0 {
			l.wakeAt = earlier(l.wakeAt, l.nextAt(l.dueAt(t, now)))
		}
	}
}

// dueAt returns when a swarm is to be announced.
func (l *link) dueAt(t *torrent, now time.Time) time.Time {
	at, ok := l.due[t.id]
	if !ok {
		return now
	}
	return at
}

// pick returns the swarms that are due, those first that were never announced or are due for
// longest. All have one port, because a message has one. If there are few swarms, those that
// were announced before come alone.
func (s *State) pick(now time.Time, l *link) (all []*torrent) {
	for _, t := range s.torrents {
		if t.port != 0 && !l.dueAt(t, now).After(now) {
			all = append(all, t)
		}
	}
	slices.SortFunc(all, func(a, b *torrent) int {
		return cmp.Or(l.due[a.id].Compare(l.due[b.id]), cmp.Compare(a.number, b.number))
	})
	if len(all) == 0 {
		return nil
	}
	first := all[0]
	_, known := l.due[first.id]
	if known && len(s.torrents) <= fewest {
		return all[:1]
	}
	return slices.DeleteFunc(all, func(t *torrent) bool { return t.port != first.port })
}

// sent records a datagram. Of few swarms that were announced together, each comes alone
// within the next minutes, for programs that read the first one only.
func (l *link) sent(now time.Time, picked []*torrent, few bool) {
	l.sentAt = now
	l.count++
	for i, t := range picked {
		l.due[t.id] = now.Add(Interval)
		if few && len(picked) > 1 {
			l.due[t.id] = now.Add(time.Duration(i+1) * between)
		}
	}
}

// rotate puts another swarm first each time.
func rotate(ids []swarm.ID, count int) {
	k := count % len(ids)
	slices.Reverse(ids[:k])
	slices.Reverse(ids[k:])
	slices.Reverse(ids)
}
