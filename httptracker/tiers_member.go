package httptracker

import (
	"slices"
	"time"

	"github.com/shoal-bt/shoal/swarm"
)

// A member is one tracker of Tiers. Tiers.mu guards its fields except url and source,
// which do not change. It keeps only the fields of Status that cannot be computed, so
// that an idle torrent needs less memory.
type member struct {
	url        string
	source     swarm.PeerSource // nil if it could not be made; err says why
	registered []swarm.ID       // swarms that were announced here and not stopped yet
	notBefore  time.Time        // the min interval ends then

	// As in Status.
	asked, next             time.Time
	answer                  swarm.Answer
	err                     error
	errors, peers           int
	working, failing, never bool

	unreached bool // the last announce had no time for it
}

// A Status is the state of one tracker. It is a copy.
type Status struct {
	URL    string       // for display, see Redact
	Tier   int          // counted from 0
	Asked  time.Time    // when the last announce ended; zero means never
	Peers  int          // addresses in the last answer
	Answer swarm.Answer // the last answer; before it, Seeds and Leechers are -1
	Err    error        // of the last announce; nil if it was answered
	Errors int          // in a row, over all swarms
	Next   time.Time    // when it is due or its back-off ends; zero means unknown

	Working bool // it answered the last announce
	Failing bool // Errors has reached the Threshold
	Never   bool // it cannot be used, or it asked never to be asked again
}

// status returns the status of k, which is in a tier.
func (k *member) status(tier int) Status {
	return Status{
		URL:     Redact(k.url),
		Tier:    tier,
		Asked:   k.asked,
		Peers:   k.peers,
		Answer:  k.answer,
		Err:     k.err,
		Errors:  k.errors,
		Next:    k.next,
		Working: k.working,
		Failing: k.failing,
		Never:   k.never,
	}
}

// recordResult records the result of an announce to k and reports whether k reached
// the threshold of errors by it.
func (t *Tiers) recordResult(k *member, answer swarm.Answer, err error, peers int) (failing bool, status Status) {
	now := time.Now()
	t.mu.Lock()
	defer t.mu.Unlock()
	k.asked, k.err, k.next = now, err, time.Time{}
	k.notBefore = now.Add(answer.Min)
	if answer.Next > 0 {
		k.next = now.Add(answer.Next)
	}
	if err != nil {
		k.errors++
		k.working = false
		k.never = answer.Next == 0
		failing = !k.failing && t.threshold > 0 && k.errors >= t.threshold
		k.failing = k.failing || failing
		return failing, k.status(t.tierOf(k))
	}
	for _, tier := range t.tiers {
		for _, other := range tier {
			other.working = false
		}
	}
	k.answer, k.peers, k.errors = answer, peers, 0
	k.working, k.failing, k.never = true, false, false
	t.moveToFront(k)
	return false, Status{}
}

// moveToFront moves k to the front of its tier, because it answered:
// https://www.bittorrent.org/beps/bep_0012.html.
func (t *Tiers) moveToFront(k *member) {
	for _, tier := range t.tiers {
		for i, other := range tier {
			if other == k {
				copy(tier[1:i+1], tier[:i])
				tier[0] = k
				return
			}
		}
	}
}

// tierOf returns the index of the tier that k is in; -1 if Set removed k.
func (t *Tiers) tierOf(k *member) int {
	return slices.IndexFunc(t.tiers, func(tier []*member) bool { return slices.Contains(tier, k) })
}
