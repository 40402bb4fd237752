package client

import (
	"context"
	"errors"
	"io/fs"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shoal-bt/shoal/client/internal/wants"
	"github.com/shoal-bt/shoal/engine"
	"github.com/shoal-bt/shoal/metainfo"
	"github.com/shoal-bt/shoal/metainfo/builder"
	"github.com/shoal-bt/shoal/piecepicker"
	"github.com/shoal-bt/shoal/swarm"
)

// A patientEar is an ear that may be asked at any time.
type patientEar struct{ ear }

func (e *patientEar) Announce(ctx context.Context, a swarm.Announcement, found func(swarm.Address)) (swarm.Answer, error) {
	_, err := e.ear.Announce(ctx, a, found)
	return swarm.Answer{Next: time.Hour, Min: time.Millisecond}, err
}

// TestEventsOfAPart emits Completed for the wanted part and again for all. Sources hear Paused first, and
// Completed at the end.
func TestEventsOfAPart(t *testing.T) {
	a := newCollection(t, formats["v1"])
	source := new(patientEar)
	o := a.only(3)
	o.Paused, o.Sources = true, []swarm.PeerSource{source}
	c, tor := a.add(t, Config{Dir: t.TempDir(), State: Off}, o)
	events := c.Events(OnCompleted|OnFile, 0)
	require.NoError(t, tor.Resume())
	next := func() Event {
		t.Helper()
		e, err := events.Next(within(t))
		require.NoError(t, err)
		return e
	}
	file := next().(FileCompleted)
	require.Equal(t, a.name(3), "album/"+filepath.Base(file.Path))
	require.False(t, next().(Completed).All)
	soon(t, func() bool { return slices.Contains(source.events(), swarm.Paused) }, "it is a partial seed")
	require.NotContains(t, source.events(), swarm.Completed)
	wantAll(t, tor)
	var files int
	for {
		e := next()
		done, isCompleted := e.(Completed)
		if isCompleted {
			require.True(t, done.All)
			break
		}
		files++
	}
	require.GreaterOrEqual(t, files, 9)
	soon(t, func() bool { return slices.Contains(source.events(), swarm.Completed) }, "all is there")
}

// TestWaitForAFile waits for one file, and says so if it is not wanted.
func TestWaitForAFile(t *testing.T) {
	a := newCollection(t, formats["v1"])
	_, tor := a.add(t, Config{Dir: t.TempDir(), State: Off}, a.only(3))
	files, err := tor.Files()
	require.NoError(t, err)
	require.Equal(t, DefaultPriority, files[3].Priority)
	require.NoError(t, files[3].Wait(within(t)))
	require.ErrorIs(t, files[8].Wait(within(t)), ErrNotWanted)
	require.NoError(t, files[8].SetPriority(HighestPriority))
	require.NoError(t, files[8].Wait(within(t)))
	f, err := tor.File(files[8].Path)
	require.NoError(t, err)
	require.Equal(t, HighestPriority, f.Priority)
	require.Equal(t, 1.0, f.Progress())
	_, err = tor.File("nothing")
	require.ErrorIs(t, err, fs.ErrNotExist)
	require.NoError(t, files[2].Wait(within(t)), "it has no bytes")
}

// TestPiecesAndOrders changes priorities by range, deadlines and orders, which survive a restart.
func TestPiecesAndOrders(t *testing.T) {
	a := newCollection(t, formats["v1"])
	dir, state := t.TempDir(), t.TempDir()
	c, tor := a.add(t, Config{Dir: dir, State: state}, AddOptions{Paused: true})
	n := a.meta.Info.Pieces()
	require.True(t, tor.Includes(0))
	require.NoError(t, tor.SetPieces(0, n-1, Unwanted))
	require.False(t, tor.Includes(0))
	require.False(t, tor.Includes(n))
	require.NoError(t, tor.SetPieces(2, 4, 6))
	at := time.Now().Add(time.Hour)
	require.NoError(t, tor.SetDeadline(3, at))
	require.NoError(t, tor.SetDeadline(9, at))
	require.NoError(t, tor.SetSequential(true))
	require.NoError(t, tor.SetFirstLast(true))
	check := func() {
		t.Helper()
		r := tor.run()
		want := make([]uint8, n)
		want[2], want[3], want[4], want[9] = 6, 6, 6, 1
		require.Equal(t, want, r.engine.Priorities())
		require.True(t, r.engine.Sequential())
		require.Len(t, r.engine.Deadlines(), 2)
		require.True(t, r.engine.Deadlines()[3].Equal(at))
	}
	check()
	require.NoError(t, c.Close())
	_, tor = a.add(t, Config{Dir: dir, State: state}, AddOptions{Paused: true})
	check()
	require.NoError(t, tor.Resume())
	require.NoError(t, tor.Wait(within(t)))
	require.Equal(t, 4, tor.Stats().Held)
	require.NoError(t, tor.ClearDeadlines())
	require.NoError(t, tor.SetSequential(false))
	wantAll(t, tor)
	require.NoError(t, tor.Wait(within(t)))
	a.requireAll(t, dir)
}

// TestPrioritiesThatAreNone changes nothing.
func TestPrioritiesThatAreNone(t *testing.T) {
	a := newCollection(t, formats["v1"])
	_, tor := a.add(t, Config{Dir: t.TempDir(), State: Off}, AddOptions{Paused: true})
	files, err := tor.Files()
	require.NoError(t, err)
	n := a.meta.Info.Pieces()
	for name, err := range map[string]error{
		"too few":     tor.SetPriorities([]int{4}),
		"too high":    tor.SetPriorities(append(slices.Repeat([]int{0}, 19), 8)),
		"file":        files[0].SetPriority(8),
		"negative":    files[0].SetPriority(-1),
		"backwards":   tor.SetPieces(5, 4, 4),
		"behind":      tor.SetPieces(0, n, 4),
		"before":      tor.SetPieces(-1, 3, 4),
		"no priority": tor.SetPieces(0, 3, 255),
		"deadline":    tor.SetDeadline(n, time.Now()),
	} {
		require.ErrorAs(t, err, new(*RangeError), name)
	}
	require.Equal(t, a.meta.Info.Pieces(), tor.Stats().Wanted)
	require.Equal(t, slices.Repeat([]uint8{DefaultPriority}, n), tor.run().engine.Priorities())
}

// TestPickerWithoutPriorities says so.
func TestPickerWithoutPriorities(t *testing.T) {
	a := newCollection(t, formats["v1"])
	type plain struct{ swarm.Picker }
	config := Config{Dir: t.TempDir(), State: Off, NewPicker: func(m *metainfo.Torrent) swarm.Picker {
		return plain{piecepicker.New(m.Info.Geometry())}
	}}
	c, tor := a.add(t, config, AddOptions{})
	require.ErrorIs(t, tor.SetPieces(0, 0, 0), ErrNotPrioritizer)
	require.ErrorIs(t, tor.SetDeadline(0, time.Now()), ErrNotPrioritizer)
	require.ErrorIs(t, tor.SetSequential(true), ErrNotSequencer)
	require.True(t, tor.Includes(0))
	require.NoError(t, tor.Wait(within(t)))
	require.NoError(t, c.Remove(tor, Keep))
	_, err := c.Add(t.Context(), a.meta, a.only(3))
	require.ErrorIs(t, err, ErrNotPrioritizer)
}

// TestPrioritiesDuringARecheck changes what is wanted while everything is checked.
func TestPrioritiesDuringARecheck(t *testing.T) {
	a := newCollection(t, formats["v1"])
	dir := t.TempDir()
	_, tor := a.add(t, Config{Dir: dir, State: t.TempDir()}, a.only(3))
	require.NoError(t, tor.Wait(within(t)))
	held := tor.Stats().Held
	checked := make(chan error, 1)
	go func() { checked <- tor.Recheck(within(t)) }()
	for i := range 50 {
		require.NoError(t, tor.SetPieces(0, 5, i%8))
	}
	require.NoError(t, <-checked)
	require.NoError(t, tor.Recheck(within(t)))
	require.GreaterOrEqual(t, tor.Stats().Held, held, "the part file counts")
	wantAll(t, tor)
	require.NoError(t, tor.Wait(within(t)))
	a.requireAll(t, dir)
}

// TestPrioritiesOfAFetch honors what a link selects, and fails until the metadata is there.
func TestPrioritiesOfAFetch(t *testing.T) {
	meta, _ := smallTorrent(t, builder.Options{})
	s := newFakeSwarm()
	c := newLinkClient(t, s, Config{})
	link := linkOf(meta)
	link.Select = []metainfo.Range{{First: 5, Last: 7}}
	warnings := c.Events(OnWarning, 0)
	tor, err := c.Add(t.Context(), link)
	require.NoError(t, err)
	require.ErrorIs(t, tor.SetPriorities([]int{0}), ErrNoMetadata)
	require.ErrorIs(t, tor.SetPieces(0, 0, 0), ErrNoMetadata)
	require.ErrorIs(t, tor.SetSequential(true), ErrNoMetadata)
	require.ErrorIs(t, tor.ClearDeadlines(), ErrNoMetadata)
	_, err = tor.File("file.bin")
	require.ErrorIs(t, err, ErrNoMetadata)
	require.False(t, tor.Includes(0))
	s.answer <- answer{info: meta.Info.Raw}
	require.NoError(t, tor.Ready(within(t)))
	require.True(t, tor.Includes(0), "the link selects nothing that there is")
	soon(t, func() bool {
		e, err := warnings.Next(within(t))
		return err == nil && errors.Is(ErrorOf(e), wants.ErrSelectsNothing)
	})
}

// TestLinkSelects downloads what a link selects, unless the options or a former run say otherwise.
func TestLinkSelects(t *testing.T) {
	a := newCollection(t, formats["v1"])
	dir, state := t.TempDir(), t.TempDir()
	link := linkOf(a.meta)
	link.Select = []metainfo.Range{{First: 3, Last: 3}, {First: 8, Last: 9}}
	wanted := func(tor *Torrent) (names []string) {
		t.Helper()
		require.NoError(t, tor.Ready(within(t)))
		files, err := tor.Files()
		require.NoError(t, err)
		for _, f := range files {
			if f.Priority > 0 {
				names = append(names, f.Path)
			}
		}
		return names
	}
	start := func(o AddOptions) (*Client, *Torrent) {
		t.Helper()
		c, err := New(Config{Dir: dir, State: state, Listen: Off, Save: time.Hour})
		require.NoError(t, err)
		t.Cleanup(func() { c.Close() })
		tor, err := c.Add(t.Context(), link, o)
		require.NoError(t, err)
		require.NoError(t, tor.AddPeers(a.seeder.Addr()))
		return c, tor
	}
	c, tor := start(AddOptions{})
	require.Equal(t, []string{a.name(3), a.name(8), a.name(9)}, wanted(tor))
	require.NoError(t, tor.Wait(within(t)))
	require.Equal(t, []string{a.name(3), a.name(8), a.name(9)}, visible(onDisk(t, dir)))
	wantAll(t, tor)
	require.NoError(t, c.Close())
	c, tor = start(AddOptions{})
	require.Len(t, wanted(tor), 20, "the record counts more than the link")
	require.NoError(t, c.Close())
	_, tor = start(a.only(1))
	require.Equal(t, []string{a.name(1)}, wanted(tor), "the options count most")
}

// TestPrioritiesFail ends Add with the error of the options.
func TestPrioritiesFail(t *testing.T) {
	a := newCollection(t, formats["v1"])
	c, err := New(Config{Dir: t.TempDir(), State: t.TempDir(), Listen: Off})
	require.NoError(t, err)
	defer c.Close()
	broken := errors.New("no file matches")
	_, err = c.Add(t.Context(), a.meta, AddOptions{Priorities: func(*metainfo.Info) ([]uint8, error) { return nil, broken }})
	require.ErrorIs(t, err, broken)
	_, err = c.Add(t.Context(), a.meta, AddOptions{Priorities: func(*metainfo.Info) ([]uint8, error) { return []uint8{1}, nil }})
	require.ErrorAs(t, err, new(*RangeError))
	require.Empty(t, c.Torrents())
	tor, err := c.Add(t.Context(), a.meta)
	require.NoError(t, err, "it can be added again")
	require.Equal(t, engine.PhaseRunning, tor.Stats().Phase)
}

// TestOnlyAnEmptyFile makes a file without bytes that is wanted alone.
func TestOnlyAnEmptyFile(t *testing.T) {
	a := newCollection(t, formats["v1"])
	for name, o := range map[string]AddOptions{"at once": a.only(2), "later": a.only(6)} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			_, tor := a.add(t, Config{Dir: dir, State: t.TempDir()}, o)
			f, err := tor.File(a.name(2))
			require.NoError(t, err)
			require.NoError(t, f.SetPriority(DefaultPriority))
			require.NoError(t, tor.Wait(within(t)))
			require.Contains(t, onDisk(t, dir), a.name(2))
			require.NotContains(t, onDisk(t, dir), a.name(10))
			require.Zero(t, tor.Stats().Held)
		})
	}
}

// TestPrioritiesOfAnIdleTorrent keeps what is wanted of a complete torrent, which stays idle and whole.
func TestPrioritiesOfAnIdleTorrent(t *testing.T) {
	h := pairAlbum(t)
	require.NoError(t, h.tor.SetPriorities([]int{Unwanted, HighestPriority}))
	soon(t, func() bool { return h.storage().Current() == nil }, "it is idle again")
	require.FileExists(t, filepath.Join(h.dir, "album", "a"))
	require.True(t, h.tor.Stats().Complete())
	r, err := h.tor.run().folder.Load(h.tor.ID())
	require.NoError(t, err)
	require.Equal(t, []uint8{Unwanted, HighestPriority}, r.Totals.Selection.Files)
	h.requireConsistent(t, "idle")
}
