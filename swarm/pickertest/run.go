package pickertest

import (
	"slices"
	"testing"
	"testing/synctest"

	"github.com/shoal-bt/shoal/swarm"
)

// plain is a torrent of five pieces of four blocks, and a sixth of two, of which
// the last is short.
var plain = swarm.Geometry{Length: 5<<16 + 20000, PieceLength: 1 << 16}

// A clause is one sentence of the contract, or follows from one.
type clause struct {
	name string
	run  func(testing.TB, *watch)
}

// clauses are for every picker, prioritizerClauses for a swarm.Prioritizer, and
// sequencerClauses for a swarm.Sequencer.
var (
	clauses = []clause{
		{"Join/AddsWhatPeerHas", joinAdds},
		{"Join/CopiesHave", joinCopies},
		{"Join/TakesNil", joinNil},
		{"Have/AddsPiece", haveAdds},
		{"Have/TakesPieceBack", haveTakesBack},
		{"Have/SeedLosesPiece", haveSeedLoses},
		{"Leave/FreesBlocksRequestedFromItAlone", leaveFrees},
		{"Leave/KeepsBlocksRequestedFromOthers", leaveKeeps},
		{"Leave/ForgetsPeer", leaveForgets},
		{"Unknown/DoesNothing", unknown},
		{"Wants/FollowsHeldAndLost", wantsFollows},
		{"Pick/MaxBlocks", pickMaxBlocks},
		{"Pick/CountsAsRequested", pickCounts},
		{"Pick/OnlyWhatPeerHas", pickHas},
		{"Pick/EveryBlockOnce", pickAll},
		{"Pick/MaxNewPieces", pickMaxNewPieces},
		{"Pick/Only", pickOnly},
		{"Pick/OnlyNothing", pickOnlyNothing},
		{"Pick/First", pickFirst},
		{"Pick/Exclusive", pickExclusive},
		{"Pick/ExclusiveNotWhatOthersSent", pickExclusiveSent},
		{"Pick/ListsMayNameNoPiece", pickListsOutside},
		{"Pick/RunLength", pickRunLength},
		{"Pick/Spread", pickSpread},
		{"Drop/FreesBlock", dropFrees},
		{"Drop/OfBlockNotRequestedDoesNothing", dropOther},
		{"Arrive/OnceOnly", arriveOnce},
		{"Arrive/LateStillCounts", arriveLate},
		{"Arrive/UnrequestedStillCounts", arriveUnrequested},
		{"Arrive/OfHeldPiece", arriveHeld},
		{"Arrive/OfNoBlock", arriveBad},
		{"Held/AtStart", heldAtStart},
		{"Held/ForgetsRequests", heldForgets},
		{"Held/All", heldAll},
		{"Lose/AllOfPieceInProgress", loseAll},
		{"Lose/SomeOfPieceInProgress", loseSome},
		{"Lose/IgnoresWhatIsNoBlock", loseOther},
		{"Lose/KeepsWhatIsRequested", loseKeeps},
		{"Lose/AllOfHeldPiece", loseHeld},
		{"Lose/SomeOfHeldPiece", loseSomeHeld},
		{"EndGame/IsReported", endGameReported},
		{"EndGame/NotBefore", endGameNotBefore},
		{"EndGame/OncePerPeer", endGameOnce},
		{"EndGame/CancelsTheOthers", endGameCancels},
		{"EndGame/LastPeerKeepsRequest", endGameLast},
	}

	prioritizerClauses = []clause{
		{"SetPriority/ZeroIsNotWanted", priorityZero},
		{"SetPriority/ZeroWhileInProgress", priorityZeroLater},
		{"SetPriority/HighestFirst", priorityOrder},
		{"SetDeadline/NearestFirst", deadlineOrder},
		{"SetDeadline/BeforeFirst", deadlineBeforeFirst},
		{"SetDeadline/TakenBack", deadlineBack},
		{"SetDeadline/LateBlocksMayBeRequestedAgain", deadlineLate},
		{"SetDeadline/SlowPeersGetSome", deadlineSlow},
	}

	sequencerClauses = []clause{
		{"SetSequential/LowestIndexFirst", sequentialFirst},
		{"SetSequential/InTheMiddle", sequentialLater},
		{"SetSequential/PiecesThatAreBegunFirst", sequentialBegun},
		{"SetSequential/OffLosesNothing", sequentialOff},
	}
)

// Run tests the pickers that open makes. Each call of open must return a new
// picker for g, made like all others.
func Run(t *testing.T, open func(t *testing.T, g swarm.Geometry) swarm.Picker) {
	all := slices.Clone(clauses)
	if _, ok := open(t, plain).(swarm.Prioritizer); ok {
		all = append(all, prioritizerClauses...)
	}
	if _, ok := open(t, plain).(swarm.Sequencer); ok {
		all = append(all, sequencerClauses...)
	}
	for _, c := range all {
		t.Run(c.name, func(t *testing.T) {
			w := newWatch(t, plain, open(t, plain), open(t, plain))
			c.run(t, w)
			w.finish()
		})
	}
	t.Run("LeavesNoGoroutine", func(t *testing.T) {
		// A bubble cannot end while a goroutine in it is blocked or runs.
		synctest.Test(t, func(t *testing.T) {
			w := newWatch(t, plain, open(t, plain), open(t, plain))
			allBlocks(t, w)
			w.finish()
		})
	})
	for _, g := range geometries {
		t.Run("Geometry/"+g.name, func(t *testing.T) {
			w := newWatch(t, g.Geometry, open(t, g.Geometry), nil)
			anyGeometry(t, w)
			w.finish()
		})
	}
}

// anyGeometry is the clause for every geometry.
func anyGeometry(t testing.TB, w *watch) {
	allBlocks(t, w)
	blocksWithPads(w)
}

func allBlocks(t testing.TB, w *watch) {
	w.join(1, full(w.m.g))
	got := w.pick(swarm.Ask{Peer: 1, MaxBlocks: 1 << 20, MaxNewPieces: w.m.g.Pieces()})
	if len(got) != len(w.m.all) {
		t.Errorf("Pick returns each block that is not all pad for a seed: got %d blocks of %d", len(got), len(w.m.all))
	}
}

// blocksWithPads has the blocks come as no request names them, with the pad at their end.
// They are not missing.
func blocksWithPads(w *watch) {
	g := w.m.g
	for i := range g.Pieces() {
		for n := range g.BlockCount(i) {
			b := g.Block(i, n)
			if !g.Contains(b) {
				w.drop(1, b)
				w.arrive(1, b)
			}
		}
	}
}

// A shape is a geometry with a name.
type shape struct {
	name string
	swarm.Geometry
}

// geometries are small torrents of many forms.
var geometries = []shape{
	{"Plain", plain},
	{"OneByte", swarm.Geometry{Length: 1, PieceLength: 1 << 16}},
	{"BlockPieces", swarm.Geometry{Length: 70<<14 - 1, PieceLength: 1 << 14}},
	{"TinyPieces", swarm.Geometry{Length: 130*1000 + 1, PieceLength: 1000}},
	{"OddPieces", swarm.Geometry{Length: 7 * 40000, PieceLength: 40000}},
	{"Pads", swarm.Geometry{Length: 4 << 16, PieceLength: 1 << 16, Pads: []swarm.Span{
		{Offset: 20000, Length: 1<<16 - 20000},        // from within the second block of piece 0
		{Offset: 2<<16 - 1<<14, Length: 1 << 14},      // the last block of piece 1
		{Offset: 2<<16 + 1<<14, Length: 1<<14 + 5000}, // the second block of piece 2, and a part of the third
	}}},
	{"PadPieces", swarm.Geometry{Length: 4 << 16, PieceLength: 1 << 16, Pads: []swarm.Span{
		{Offset: 60000, Length: 2<<16 - 60000}, // the end of piece 0, and all of piece 1
		{Offset: 3 << 16, Length: 1 << 16},     // all of piece 3
	}}},
	{"ShortPieces", swarm.Geometry{Length: 4<<16 - 9000, PieceLength: 1 << 16, Short: true, Pads: []swarm.Span{
		{Offset: 20000, Length: 1<<16 - 20000},
		{Offset: 2<<16 - 1<<14, Length: 1 << 14},
		{Offset: 2<<16 + 1, Length: 1<<16 - 1},
	}}},
}
