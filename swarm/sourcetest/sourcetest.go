package sourcetest

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/shoal-bt/shoal/swarm"
)

// Run tests the sources that open makes, a new one for each subtest. It calls open
// in a bubble of testing/synctest. open closes what the source needs, such as a
// server, with t.Cleanup. A source may return errors, but must keep every clause of
// [swarm.PeerSource].
func Run(t *testing.T, open func(t *testing.T) swarm.PeerSource) {
	for _, c := range clauses {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				if err := c.check(open(t)); err != nil {
					t.Error(err)
					time.Sleep(time.Hour) // else a goroutine that ends late becomes a deadlock, which hides the error
				}
			})
		})
	}
}

// A clause is one rule of the contract. Its check returns what broke the rule,
// so that the suite can be tested too.
type clause struct {
	name  string
	check func(swarm.PeerSource) error
}

var clauses = []clause{
	{"Answers", answers},
	{"AnswersOddAnnouncements", answersOdd},
	{"Session", session},
	{"StoppedWithoutStart", stoppedAlone},
	{"ConcurrentSwarms", concurrentSwarms},
	{"DoneBefore", doneBefore},
	{"CanceledMeanwhile", canceledMeanwhile},
	{"Deadline", deadline},
	{"UsableAfterCancel", usableAfterCancel},
	{"SilentAfterwards", silentAfterwards},
}
