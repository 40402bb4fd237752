package reading

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shoal-bt/shoal/engine"
	"github.com/shoal-bt/shoal/swarm"
)

// A fake is a torrent that does what the engine promises, and counts calls.
type fake struct {
	geo     swarm.Geometry
	content []byte

	mu         sync.Mutex
	held       swarm.Bitfield
	deadlines  map[int]time.Time
	priorities []uint8
	selection  []uint8       // what the user wants
	changed    chan struct{} // closed at the next change
	err        error         // of Await: the torrent has failed
	readErr    error
	onRead     func() // called by ReadAt; nil for nothing
	unable     bool   // no deadlines
	calls      map[string]int
	last       []engine.Deadline // of SetDeadlines
}

func newFake(pieces int, pieceLength int64) *fake {
	f := &fake{
		geo:        swarm.Geometry{Length: int64(pieces)*pieceLength - 7, PieceLength: pieceLength},
		held:       swarm.NewBitfield(pieces),
		deadlines:  make(map[int]time.Time),
		priorities: slices.Repeat([]uint8{4}, pieces),
		selection:  slices.Repeat([]uint8{4}, pieces),
		changed:    make(chan struct{}),
		calls:      make(map[string]int),
	}
	f.content = make([]byte, f.geo.Length)
	rand.NewChaCha8([32]byte{9}).Read(f.content)
	return f
}

// begin locks, and counts a call.
func (f *fake) begin(call string) (unlock func()) {
	f.mu.Lock()
	f.calls[call]++
	return f.mu.Unlock
}

func (f *fake) wakeAll() {
	close(f.changed)
	f.changed = make(chan struct{})
}

func (f *fake) ReadAt(p []byte, off int64) (int, error) {
	if f.onRead != nil {
		f.onRead()
	}
	defer f.begin("ReadAt")()
	if f.readErr != nil {
		return 0, f.readErr
	}
	for i := off / f.geo.PieceLength; i <= (off+int64(len(p))-1)/f.geo.PieceLength; i++ {
		if !f.held.Has(int(i)) {
			return 0, fmt.Errorf("piece %d: %w", i, engine.ErrNoPiece)
		}
	}
	return copy(p, f.content[off:]), nil
}

func (f *fake) Await(ctx context.Context, piece int) error {
	f.begin("Await")()
	for {
		f.mu.Lock()
		changed := f.changed
		isHeld, err := f.held.Has(piece), f.err
		if f.priorities[piece] == 0 {
			err = engine.ErrNotWanted
		}
		f.mu.Unlock()
		if isHeld {
			return nil
		}
		if err != nil {
			return err
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (f *fake) Pieces() swarm.Bitfield {
	defer f.begin("Pieces")()
	return f.held.Clone()
}

func (f *fake) Deadlines() map[int]time.Time {
	defer f.begin("Deadlines")()
	return maps.Clone(f.deadlines)
}

func (f *fake) SetDeadlines(changes []engine.Deadline) error {
	defer f.begin("SetDeadlines")()
	if f.unable {
		return engine.ErrNotPrioritizer
	}
	f.last = slices.Clone(changes)
	f.calls["changes"] += len(changes)
	for _, c := range changes {
		switch {
		case c.At.IsZero():
			delete(f.deadlines, c.Piece)
		case !f.held.Has(c.Piece):
			f.deadlines[c.Piece] = c.At
			f.priorities[c.Piece] = max(f.priorities[c.Piece], 1)
		}
	}
	return nil
}

func (f *fake) Prioritize(runs []engine.PriorityRun) error {
	defer f.begin("Prioritize")()
	for _, r := range runs {
		for i := r.First; i <= r.Last; i++ {
			f.priorities[i] = r.Priority
			if r.Priority == 0 {
				delete(f.deadlines, i)
			}
		}
	}
	f.wakeAll()
	return nil
}

func (f *fake) priority(piece int) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return int(f.selection[piece])
}

// set has s know the selection of f.
func (f *fake) set(user map[int]time.Time) *Set {
	return New(Config{Torrent: f, Geometry: &f.geo, Priority: f.priority, User: user})
}

// arrive has pieces arrive.
func (f *fake) arrive(pieces ...int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, piece := range pieces {
		f.held.Set(piece)
		delete(f.deadlines, piece)
	}
	f.wakeAll()
}

// arriveAll has all pieces arrive.
func (f *fake) arriveAll() {
	for i := range f.geo.Pieces() {
		f.arrive(i)
	}
}

// lose has a piece be missing again, as a recheck does.
func (f *fake) lose(piece int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.held.Clear(piece)
	f.wakeAll()
}

// fail has the torrent fail; nil ends that.
func (f *fake) fail(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.err = err
	f.wakeAll()
}

// choose sets what the user wants of the pieces from first to end.
func (f *fake) choose(t *testing.T, s *Set, first, end int, priority uint8) {
	f.mu.Lock()
	for i := first; i < end; i++ {
		f.selection[i] = priority
	}
	f.mu.Unlock()
	require.NoError(t, s.Prioritize([]engine.PriorityRun{{First: first, Last: end - 1, Priority: priority}}))
}

// wished returns the pieces with deadlines, in ascending order.
func (f *fake) wished() []int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Sorted(maps.Keys(f.deadlines))
}

func (f *fake) deadline(piece int) time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.deadlines[piece]
}

func (f *fake) count(call string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.calls[call]
}

// whole is the file of a torrent of one file.
func (f *fake) whole() File { return File{Length: f.geo.Length} }

// run returns the numbers from first to end.
func run(first, end int) (all []int) {
	for i := first; i < end; i++ {
		all = append(all, i)
	}
	return all
}

// A result is what a call returned.
type result struct {
	n   int
	err error
}

// start calls read on a goroutine.
func start(read func() (int, error)) chan result {
	c := make(chan result, 1)
	go func() {
		n, err := read()
		c <- result{n, err}
	}()
	return c
}
