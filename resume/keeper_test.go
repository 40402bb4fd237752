package resume

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shoal-bt/shoal/swarm"
)

// rig is a Keeper of the sample torrent, with fake files, Sync and Save.
type rig struct {
	k     *Keeper
	files fakeFiles
	saved []Record
	syncs int

	sync, save error  // what the next calls return
	during     func() // runs within Sync
}

func newRig(t *testing.T, change func(*Record, *Config, fakeFiles)) *rig {
	t.Helper()
	r, p, files := sample()
	g := &rig{files: files}
	c := Config{
		Geometry: p.Geometry, Files: p.Files, Stat: p.Stat,
		Sync: func() error {
			g.syncs++
			if g.during != nil {
				g.during()
			}
			return g.sync
		},
		Save: func(r Record) error {
			require.NoError(t, r.validate())
			if g.save == nil {
				g.saved = append(g.saved, r.clone())
			}
			return g.save
		},
	}
	r.State = Open
	if change != nil {
		change(&r, &c, files)
	}
	k, err := OpenKeeper(r, c)
	require.NoError(t, err)
	g.k = k
	return g
}

func (g *rig) last() Record { return g.saved[len(g.saved)-1] }

func held(r Record) []int {
	var list []int
	for i := range r.pieces() {
		if r.Pieces.Has(i) {
			list = append(list, i)
		}
	}
	return list
}

func TestOpenKeeperSavesFirst(t *testing.T) {
	g := newRig(t, func(r *Record, c *Config, f fakeFiles) { r.State = Clean })
	require.Len(t, g.saved, 1)
	require.Equal(t, Open, g.last().State)
	require.Equal(t, []int{0, 1, 2, 3}, held(g.last()))
	require.Equal(t, []Spill{{8, []int{1}}}, g.last().Spilled)
	require.NoError(t, g.k.Flush())
	require.Len(t, g.saved, 1, "nothing new")
	require.Zero(t, g.syncs)
}

// TestOpenKeeperSavesIncomplete uses records without spilled blocks.
func TestOpenKeeperSavesIncomplete(t *testing.T) {
	g := newRig(t, func(r *Record, c *Config, f fakeFiles) { r.State, r.Spilled = Clean, nil })
	require.Len(t, g.saved, 1)
	require.Equal(t, Open, g.last().State, "some pieces")
	g = newRig(t, func(r *Record, c *Config, f fakeFiles) {
		r.State, r.Spilled = Open, nil
		r.Pieces.SetAll(10)
	})
	require.Len(t, g.saved, 1)
	require.Equal(t, Open, g.last().State, "all pieces, but the last run crashed")
}

func TestOpenKeeperOfCompleteTorrent(t *testing.T) {
	g := newRig(t, func(r *Record, c *Config, f fakeFiles) {
		r.State = Clean
		r.Pieces.SetAll(10)
		r.Spilled = nil
	})
	require.Empty(t, g.saved)
	g.k.Update(func(l *Totals) { l.Uploaded = 99 })
	require.NoError(t, g.k.Flush())
	require.Equal(t, Clean, g.last().State, "nothing was written")
	require.EqualValues(t, 99, g.last().Totals.Uploaded)
	g.k.Lost(3)
	require.NoError(t, g.k.Flush())
	require.Equal(t, Open, g.last().State)
	require.False(t, g.last().Pieces.Has(3))

	g = newRig(t, func(r *Record, c *Config, f fakeFiles) {
		r.State = Clean
		r.Pieces.SetAll(10)
		r.Spilled = nil
	})
	require.NoError(t, g.k.Close(nil))
	require.Empty(t, g.saved, "the record on disk is up to date")
}

func TestOpenKeeperRefuses(t *testing.T) {
	r, p, _ := sample()
	c := Config{Geometry: p.Geometry, Files: p.Files, Save: func(Record) error { return errFault }}
	_, err := OpenKeeper(r, c)
	require.ErrorIs(t, err, errFault)
	r.Length--
	_, err = OpenKeeper(r, c)
	require.Error(t, err)
	_, err = OpenKeeper(Record{}, c)
	require.Error(t, err)
	c.Save = func(Record) error { return nil }
	for name, change := range map[string]func(*Record){
		"length":       func(r *Record) { r.Length-- },
		"piece length": func(r *Record) { r.PieceLength++ }, // the same number of pieces
		"files":        func(r *Record) { r.Files = r.Files[:2] },
	} {
		r, _, _ := sample()
		change(&r)
		_, err := OpenKeeper(r, c)
		require.ErrorContains(t, err, "another torrent", name)
	}
}

func TestFlushRecordsWhatWasWrittenBefore(t *testing.T) {
	g := newRig(t, nil)
	g.k.Wrote(4)
	g.k.Wrote(10) // no such piece
	g.k.Wrote(-1)
	g.k.Spilled(7, 1, 0, 2, -1) // blocks 2 and -1 do not exist
	require.Equal(t, []int{0, 1, 2, 3}, held(g.k.Record()), "nothing is recorded before a Sync")
	g.files["d/a"] = fakeInfo{size: g.files["d/a"].size, mtime: after}
	g.during = func() {
		g.k.Wrote(5) // after the Sync began
		g.k.Spilled(6, 0)
		g.k.Lost(0)
		g.files["d/a"] = fakeInfo{size: g.files["d/a"].size, mtime: after.Add(time.Hour)}
	}
	require.NoError(t, g.k.Flush())
	require.Equal(t, []int{1, 2, 3, 4}, held(g.last()))
	require.Equal(t, []Spill{{7, []int{0, 1}}, {8, []int{1}}}, g.last().Spilled)
	require.Equal(t, after, g.last().Files[0].ModTime, "the modification time was read before the Sync")
	require.Equal(t, noon, g.last().Files[1].ModTime)
	g.during = nil
	g.k.Wrote(8) // its spilled block is still good until the piece is recorded
	require.Equal(t, []Spill{{7, []int{0, 1}}, {8, []int{1}}}, g.k.Record().Spilled)
	require.NoError(t, g.k.Flush())
	require.Equal(t, []int{1, 2, 3, 4, 5, 8}, held(g.last()))
	require.Equal(t, []Spill{{6, []int{0}}, {7, []int{0, 1}}}, g.last().Spilled)
	require.Equal(t, 2, g.syncs)
}

func TestLostDuringSync(t *testing.T) {
	g := newRig(t, nil)
	g.k.Wrote(6)
	g.k.Spilled(7, 0)
	g.during = func() { g.k.Lost(6); g.k.Lost(7) }
	require.NoError(t, g.k.Flush())
	require.Equal(t, []int{0, 1, 2, 3}, held(g.last()))
	require.Equal(t, []Spill{{8, []int{1}}}, g.last().Spilled)
}

func TestFlushCannotExamineFiles(t *testing.T) {
	g := newRig(t, nil)
	a := g.files["d/a"]
	g.k.Wrote(4)
	for _, bad := range []fakeInfo{{err: fs.ErrPermission}, {mode: fs.ModeDir}} {
		g.files["d/a"] = bad
		require.Error(t, g.k.Flush())
	}
	delete(g.files, "d/a")
	require.ErrorIs(t, g.k.Flush(), fs.ErrNotExist)
	require.Equal(t, 2, g.syncs, "the storage may notice that the file is gone")
	require.Len(t, g.saved, 1)
	g.files["d/a"] = a
	g.k.Wrote(9)
	require.NoError(t, g.k.Flush())
	require.Equal(t, []int{0, 1, 2, 3, 4, 9}, held(g.last()), "the next Flush does what this one left")
}

func TestFlushCannotExamineFilesWhileWriting(t *testing.T) {
	var g *rig
	fail := errFault
	g = newRig(t, func(r *Record, c *Config, f fakeFiles) {
		c.Stat = func(path string) (fs.FileInfo, error) {
			if fail != nil {
				g.k.Wrote(9)
				g.k.Lost(5)
				return nil, fail
			}
			return f.stat(path)
		}
	})
	g.k.Wrote(4)
	g.k.Wrote(5)
	require.ErrorIs(t, g.k.Flush(), errFault)
	fail = nil
	require.NoError(t, g.k.Flush())
	require.Equal(t, []int{0, 1, 2, 3, 4, 9}, held(g.last()))
}

func TestFlushCannotSync(t *testing.T) {
	g := newRig(t, nil)
	g.k.Wrote(4)
	g.sync = errFault
	g.during = func() { g.k.Wrote(5) } // may be in the same failed write-back
	require.ErrorIs(t, g.k.Flush(), errFault)
	g.sync, g.during = nil, nil
	g.k.Wrote(6)
	require.NoError(t, g.k.Flush())
	require.Equal(t, []int{0, 1, 2, 3, 6}, held(g.last()))
	require.NoError(t, g.k.Close(nil))
	require.Equal(t, Open, g.last().State, "pieces may be lost, so the next run must check them")
}

func TestFlushCannotSave(t *testing.T) {
	g := newRig(t, nil)
	g.k.Wrote(4)
	g.save = errFault
	require.ErrorIs(t, g.k.Flush(), errFault)
	g.save = nil
	require.NoError(t, g.k.Flush())
	require.Equal(t, []int{0, 1, 2, 3, 4}, held(g.last()))
	require.Equal(t, 1, g.syncs)
}

func TestClose(t *testing.T) {
	g := newRig(t, nil)
	g.k.Wrote(4)
	g.k.Spilled(9, 0)
	g.files["b"] = fakeInfo{size: g.files["b"].size, mtime: after}
	require.NoError(t, g.k.Close(nil))
	r := g.last()
	require.Equal(t, Clean, r.State)
	require.Equal(t, []int{0, 1, 2, 3, 4}, held(r))
	require.Equal(t, []Spill{{8, []int{1}}, {9, []int{0}}}, r.Spilled)
	require.Equal(t, after, r.Files[2].ModTime)
	require.Zero(t, g.syncs, "the storage is closed")

	require.NoError(t, g.k.Close(nil))
	require.ErrorIs(t, g.k.Flush(), fs.ErrClosed)
	require.ErrorIs(t, g.k.Own([]string{"x"}), fs.ErrClosed)
	g.k.Wrote(5)
	require.Len(t, g.saved, 2)
	require.Equal(t, r.Pieces, g.k.Record().Pieces)
}

func TestCloseAfterAFailure(t *testing.T) {
	g := newRig(t, nil)
	g.k.Wrote(4)
	require.NoError(t, g.k.Close(errFault))
	require.Equal(t, Open, g.last().State)
	require.Equal(t, []int{0, 1, 2, 3}, held(g.last()))

	g = newRig(t, nil)
	g.k.Wrote(4)
	delete(g.files, "b") // was recorded and is missing now
	require.ErrorIs(t, g.k.Close(nil), fs.ErrNotExist)
	require.Equal(t, Open, g.last().State)

	g = newRig(t, nil)
	g.k.Wrote(4)
	g.save = errFault
	require.ErrorIs(t, g.k.Close(nil), errFault)
}

func TestKeeperWithoutFiles(t *testing.T) {
	r := Record{Swarms: []swarm.ID{{}}, Length: 3, PieceLength: 1, Pieces: swarm.NewBitfield(3)}
	var last Record
	k, err := OpenKeeper(r, Config{
		Geometry: swarm.Geometry{Length: 3, PieceLength: 1},
		Save:     func(r Record) error { last = r.clone(); return nil },
	})
	require.NoError(t, err)
	k.Wrote(2)
	require.NoError(t, k.Flush())
	require.Equal(t, []int{2}, held(last))
	require.NoError(t, k.Close(nil))
	require.Equal(t, Clean, last.State)
}

func TestKeeperConcurrently(t *testing.T) {
	g := newRig(t, func(r *Record, c *Config, f fakeFiles) {
		r.Pieces, r.Spilled, r.Owned = swarm.NewBitfield(10), nil, nil
	})
	var wg sync.WaitGroup
	for i := range 10 {
		wg.Go(func() {
			for range 20 {
				g.k.Spilled(i, 0, 1)
				g.k.Lost(i)
				g.k.Wrote(i)
				g.k.Update(func(l *Totals) { l.Downloaded++ })
				if err := g.k.Own([]string{fmt.Sprint("f", i)}); err != nil {
					t.Error(err)
				}
				if err := g.k.Flush(); err != nil {
					t.Error(err)
				}
				g.k.Record()
			}
		})
	}
	wg.Wait()
	require.NoError(t, g.k.Close(nil))
	require.Len(t, held(g.last()), 10)
	require.Empty(t, g.last().Spilled)
	require.EqualValues(t, 200, g.last().Totals.Downloaded)
	for i := range 10 {
		require.True(t, g.last().Owns(fmt.Sprint("f", i)))
	}
	require.True(t, slices.IsSorted(g.last().Owned))
	require.NoError(t, errors.Join(g.sync, g.save))
}
