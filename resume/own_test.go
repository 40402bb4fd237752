package resume

import (
	"fmt"
	"io/fs"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shoal-bt/shoal/swarm"
)

func TestOwn(t *testing.T) {
	g := newRig(t, func(r *Record, c *Config, f fakeFiles) { r.Owned = nil })
	require.NoError(t, g.k.Own([]string{"d/", "d/a"}))
	require.Len(t, g.saved, 2)
	require.Equal(t, []string{"d/", "d/a"}, g.last().Owned, "b exists already, so it is not ours")
	require.NoError(t, g.k.Own([]string{"d/a"}))
	require.Len(t, g.saved, 2, "listed already")

	g.save = errFault
	require.ErrorIs(t, g.k.Own([]string{"b"}), errFault)
	require.ErrorIs(t, g.k.Own([]string{"b"}), errFault, "it is not on disk yet")
	g.save = nil
	require.NoError(t, g.k.Own([]string{"b"}))
	require.Equal(t, []string{"b", "d/", "d/a"}, g.last().Owned)
}

// What a store claims with a file is listed ahead with it, and not in a clean record if
// the file was never made.
func TestOwnAheadWithClaims(t *testing.T) {
	g := newRig(t, func(r *Record, c *Config, f fakeFiles) {
		clear(f)
		r.Owned, r.State, r.Pieces, r.Spilled = nil, Open, swarm.Bitfield{0, 0}, nil
		for i := range r.Files {
			r.Files[i].Size = Absent
		}
		c.Claims = func(path string) []string { return []string{path + "+"} }
	})
	require.NoError(t, g.k.Own([]string{"d/a+", "d/", "d/a"}))
	require.Equal(t, []string{"b", "b+", "d/", "d/a", "d/a+", "empty", "empty+"}, g.last().Owned)
	saves := len(g.saved)
	require.NoError(t, g.k.Own([]string{"b+", "b"}))
	require.Len(t, g.saved, saves, "listed already")
	require.NoError(t, g.k.Close(nil))
	require.Equal(t, []string{"b", "b+", "d/", "d/a", "d/a+"}, g.last().Owned)
}

func TestDisown(t *testing.T) {
	g := newRig(t, func(r *Record, c *Config, f fakeFiles) { r.Owned = nil })
	require.NoError(t, g.k.Own([]string{"d/", "d/a", "x"}))
	saves := len(g.saved)
	g.k.Disown([]string{"x", "unknown"})
	require.Len(t, g.saved, saves, "it does no I/O")
	require.NoError(t, g.k.Flush())
	require.Equal(t, []string{"d/", "d/a"}, g.last().Owned)
	require.NoError(t, g.k.Own([]string{"x"}))
	require.Equal(t, []string{"d/", "d/a", "x"}, g.last().Owned, "it can be ours again")
	require.NoError(t, g.k.Close(nil))
	g.k.Disown([]string{"x"})
	require.Contains(t, g.k.Record().Owned, "x", "nothing changes after Close")
}

// Many small files do not need a save each. Files that were listed in advance but never
// made are not in a clean record.
func TestOwnAhead(t *testing.T) {
	const n = 1000
	files := fakeFiles{"old": {mode: fs.ModeDir}}
	c := Config{
		Geometry: swarm.Geometry{Length: n, PieceLength: 1 << 14},
		Stat:     files.stat,
	}
	r := Record{Swarms: []swarm.ID{{}}, Length: n, PieceLength: 1 << 14, Pieces: swarm.NewBitfield(1)}
	for i := range n {
		f := swarm.File{Path: fmt.Sprintf("d%d/e/%d", i/100, i), Offset: int64(i), Length: 1}
		if i == 500 {
			f.Path = "old/foreign"
			files[f.Path] = fakeInfo{size: 1, mtime: noon}
		}
		c.Files = append(c.Files, f)
		r.Files = append(r.Files, File{Path: f.Path, Length: 1, Size: Absent})
	}
	var saved []Record
	c.Save = func(r Record) error { saved = append(saved, r.clone()); return nil }
	for _, test := range []struct{ ahead, saves int }{{0, 4}, {99, 10}, {-1, n - 1}} {
		saved = nil
		c.Ahead = test.ahead
		k, err := OpenKeeper(r, c)
		require.NoError(t, err)
		for i, f := range c.Files[:900] {
			if i == 500 {
				continue
			}
			require.NoError(t, k.Own([]string{f.Path}))
			require.True(t, saved[len(saved)-1].Owns(f.Path))
			require.False(t, saved[len(saved)-1].Owns("old/foreign"))
			require.False(t, saved[len(saved)-1].Owns("old/"))
			if test.ahead >= 0 {
				require.True(t, saved[len(saved)-1].Owns("d0/"))
				require.True(t, saved[len(saved)-1].Owns("d0/e/"))
			}
		}
		require.LessOrEqual(t, len(saved)-1, test.saves)
		for _, dir := range []string{"d0/", "d0/e/"} {
			require.NoError(t, k.Own([]string{dir}))
		}
		require.NoError(t, k.Close(nil))
		last := saved[len(saved)-1]
		require.Equal(t, Clean, last.State)
		require.True(t, last.Owns("d0/e/"))
		require.False(t, last.Owns("d9/e/999"))
		require.False(t, last.Owns("d9/"))
		require.Len(t, last.Owned, 899+2)
	}
}

// A save takes longer the more files there are, so it is for more of them: the work does not grow
// with the square of the files.
func TestOwnAheadOfManyFiles(t *testing.T) {
	const n = 40_000
	saves := 0
	c := Config{
		Geometry: swarm.Geometry{Length: n, PieceLength: 1 << 14},
		Stat:     fakeFiles{}.stat,
		Save:     func(Record) error { saves++; return nil },
	}
	r := Record{Swarms: []swarm.ID{{}}, Length: n, PieceLength: 1 << 14, Pieces: swarm.NewBitfield(3)}
	for i := range n {
		f := swarm.File{Path: fmt.Sprint(i), Offset: int64(i), Length: 1}
		c.Files = append(c.Files, f)
		r.Files = append(r.Files, File{Path: f.Path, Length: 1, Size: Absent})
	}
	k, err := OpenKeeper(r, c)
	require.NoError(t, err)
	saves = 0
	for _, f := range c.Files {
		require.NoError(t, k.Own([]string{f.Path}))
	}
	require.LessOrEqual(t, saves, 32)
}
