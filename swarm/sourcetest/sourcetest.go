package sourcetest

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/shoal-bt/shoal/swarm"
)

// Run tests the sources that open makes, a new one for each subtest. It calls
// open within a bubble of testing/synctest; what the source needs until the end
// of the subtest, such as the server behind it, open hands to t.Cleanup. A source
// may answer with errors, but must keep every clause of [swarm.PeerSource].
func Run(t *testing.T, open func(t *testing.T) swarm.PeerSource) {
	for _, c := range clauses {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				if err := c.check(open(t)); err != nil {
					t.Error(err)
					time.Sleep(time.Hour) // What is merely late must not hide the error in a deadlock.
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
