package pickertest

import (
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/shoal-bt/shoal/swarm"
)

func TestRunPassesGoodPickers(t *testing.T) {
	for _, fault := range []string{"", "has no end game"} {
		t.Run("naive "+fault, func(t *testing.T) {
			Run(t, func(_ *testing.T, g swarm.Geometry) swarm.Picker { return newNaive(g, fault) })
		})
	}
	t.Run("not a Prioritizer", func(t *testing.T) {
		Run(t, func(_ *testing.T, g swarm.Geometry) swarm.Picker {
			return struct{ swarm.Picker }{newNaive(g, "")}
		})
	})
}

func FuzzNaive(f *testing.F) {
	Fuzz(f, func(_ *testing.T, g swarm.Geometry) swarm.Picker { return newNaive(g, "") })
}

// faults lists what is wrong with a picker, a clause that must find it, and a part of
// what that clause must say.
var faults = []struct{ fault, clause, says string }{
	{"keeps have", "Join/CopiesHave", "does not have"},
	{"ignores have", "Have/AddsPiece", "Wants"},
	{"never takes back", "Have/TakesPieceBack", "does not have"},
	{"knows strangers", "Unknown/DoesNothing", "unknown"},
	{"keeps who left", "Leave/ForgetsPeer", "unknown"},
	{"leave frees all", "Leave/KeepsBlocksRequestedFromOthers", "not the end game"},
	{"leave frees nothing", "Leave/FreesBlocksRequestedFromItAlone", "other peers"},
	{"interest inverted", "Have/AddsPiece", "Wants"},
	{"ignores priority 0", "SetPriority/ZeroIsNotWanted", "Wants"},
	{"drop does nothing", "Drop/FreesBlock", "not the end game"},
	{"drop frees all", "Drop/OfBlockNotRequestedDoesNothing", "not the end game"},
	{"arrives twice", "Arrive/OnceOnly", "still missing"},
	{"arrives though held", "Arrive/OfHeldPiece", "still missing"},
	{"late is lost", "Arrive/LateStillCounts", "still missing"},
	{"late is lost", "Arrive/UnrequestedStillCounts", "still missing"},
	{"cancels the winner", "Arrive/OnceOnly", "other peers"},
	{"cancels nobody", "EndGame/CancelsTheOthers", "other peers"},
	{"loses dst", "Pick/MaxBlocks", "appends to dst"},
	{"loses dst", "Arrive/OnceOnly", "appends to dst"},
	{"held does nothing", "Held/AtStart", "Wants"},
	{"loses all", "Lose/SomeOfPieceInProgress", "Lose"},
	{"lose keeps held", "Lose/AllOfHeldPiece", "Wants"},
	{"lose forgets requests", "Lose/KeepsWhatIsRequested", "not the end game"},
	{"keeps deadlines", "SetDeadline/TakenBack", "SetDeadline"},
	{"asks for nothing", "Pick/MaxBlocks", "MaxBlocks"},
	{"ignores blocks", "Pick/MaxBlocks", "Ask.MaxBlocks"},
	{"asks for what peer lacks", "Join/AddsWhatPeerHas", "does not have"},
	{"asks for pads", "Geometry/Pads", "all pad"},
	{"asks for blocks with pads", "Geometry/Pads", "no block of the torrent"},
	{"takes blocks with pads", "Geometry/Pads", "still missing"},
	{"asks for unwanted", "SetPriority/ZeroIsNotWanted", "not wanted"},
	{"asks for arrived", "Arrive/LateStillCounts", "arrived"},
	{"ignores only", "Pick/Only", "Ask.Only"},
	{"ignores only", "Pick/OnlyNothing", "Ask.Only"},
	{"ignores begin", "Pick/MaxNewPieces", "Ask.MaxNewPieces"},
	{"ignores first", "Pick/First", "Ask.First"},
	{"ignores exclusive", "Pick/Exclusive", "Ask.Exclusive"},
	{"forgets senders", "Pick/ExclusiveNotWhatOthersSent", "Ask.Exclusive"},
	{"forgets what it asked", "Pick/CountsAsRequested", "not the end game"},
	{"differs from its twin", "Pick/CountsAsRequested", "alike"},
	{"ignores priority", "SetPriority/HighestFirst", "SetPriority"},
	{"ignores deadlines", "SetDeadline/BeforeFirst", "Ask.First"},
	{"ignores deadlines", "SetDeadline/NearestFirst", "SetDeadline"},
	{"picks half", "Pick/EveryBlockOnce", "MaxBlocks"},
	{"ignores strange lists", "Pick/ListsMayNameNoPiece", "Ask.Only"},
	{"halves runs", "Pick/RunLength", "MaxBlocks"},
	{"halves spreads", "Pick/Spread", "MaxBlocks"},
	{"loses any block", "Lose/IgnoresWhatIsNoBlock", "want"},
	{"says end game always", "EndGame/IsReported", "EndGame"},
	{"says end game never", "EndGame/IsReported", "EndGame"},
	{"says end game too early", "EndGame/NotBefore", "EndGame"},
	{"ends too early", "EndGame/NotBefore", "not the end game"},
	{"asks one peer twice", "EndGame/OncePerPeer", "second time"},
}

func TestRunFindsFaults(t *testing.T) {
	for _, test := range faults {
		t.Run(test.fault, func(t *testing.T) {
			said := complaints(test.clause, func(g swarm.Geometry) swarm.Picker {
				if strings.Contains(test.says, "EndGame") {
					return newNaive(g, test.fault)
				}
				return struct{ swarm.Prioritizer }{newNaive(g, test.fault)} // no EndGamer, so that other checks must find it
			})
			if !strings.Contains(said, test.says) {
				t.Errorf("clause %s says %q, want something with %q", test.clause, said, test.says)
			}
		})
	}
}

// complaints runs one clause and returns its error messages.
func complaints(name string, open func(swarm.Geometry) swarm.Picker) string {
	g, run := plain, func(testing.TB, *watch) {}
	for _, c := range slices.Concat(clauses, prioritizerClauses) {
		if c.name == name {
			run = c.run
		}
	}
	for _, shape := range geometries {
		if name == "Geometry/"+shape.name {
			g, run = shape.Geometry, anyGeometry
		}
	}
	r := &recorder{}
	done := make(chan struct{})
	go func() {
		defer close(done)
		w := newWatch(r, g, open(g), open(g))
		run(r, w)
		w.finish()
	}()
	<-done
	return r.said.String()
}

// A recorder keeps what a test says instead of failing.
type recorder struct {
	testing.TB
	said strings.Builder
}

func (r *recorder) Helper() {}

func (r *recorder) Error(args ...any) { fmt.Fprintln(&r.said, args...) }

func (r *recorder) Errorf(format string, args ...any) { fmt.Fprintf(&r.said, format+"\n", args...) }

func (r *recorder) Fatal(args ...any) {
	r.Error(args...)
	runtime.Goexit()
}

func (r *recorder) Fatalf(format string, args ...any) {
	r.Errorf(format, args...)
	runtime.Goexit()
}

func (r *recorder) Skip(...any) { runtime.Goexit() }
