package resume

import (
	"errors"
	"io/fs"
	"math/rand/v2"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shoal-bt/shoal/swarm"
)

// fakeFiles is the state of a disk for Check, by path.
type fakeFiles map[string]fakeInfo

type fakeInfo struct {
	size  int64
	mtime time.Time
	mode  fs.FileMode
	err   error
}

func (f fakeInfo) Name() string       { return "" }
func (f fakeInfo) Size() int64        { return f.size }
func (f fakeInfo) Mode() fs.FileMode  { return f.mode }
func (f fakeInfo) ModTime() time.Time { return f.mtime }
func (f fakeInfo) IsDir() bool        { return f.mode.IsDir() }
func (f fakeInfo) Sys() any           { return nil }

func (f fakeFiles) stat(path string) (fs.FileInfo, error) {
	info, ok := f[path]
	if !ok {
		return nil, &fs.PathError{Op: "lstat", Path: path, Err: fs.ErrNotExist}
	}
	return info, info.err
}

var (
	noon   = time.Unix(1700000000, 500)
	before = noon.Add(-time.Nanosecond)
	after  = noon.Add(time.Nanosecond)
)

// sample is a torrent of ten pieces of 32 KiB. File a has pieces 0 to 4 and half of
// 5; b has the other half and pieces 6 to 9. Between them are an empty file, a pad
// and a symlink.
func sample() (Record, Probe, fakeFiles) {
	const half = 5<<15 + 1<<14
	p := Probe{
		Swarms:   []swarm.ID{{1}, {2}},
		Geometry: swarm.Geometry{Length: 10 << 15, PieceLength: 1 << 15},
		Files: []swarm.File{
			{Path: "d/a", Length: half},
			{Path: "empty", Offset: half},
			{Path: "link", Offset: half, Symlink: "d/a"},
			{Path: ".pad/0", Offset: half, Pad: true},
			{Path: "b", Offset: half, Length: 10<<15 - half},
		},
		Verify: func([]int) (bool, error) { return true, nil },
	}
	r := Record{
		Swarms: p.Swarms, Length: p.Geometry.Length, PieceLength: p.Geometry.PieceLength,
		State:   Clean,
		Pieces:  swarm.Bitfield{0b11110000, 0},
		Spilled: []Spill{{8, []int{1}}},
		Files:   []File{{"d/a", half, half, noon}, {"empty", 0, 0, noon}, {"b", 10<<15 - half, 10<<15 - half, noon}},
		Owned:   []string{"b", "d/", "d/a", "link"},
		Totals:  Totals{Uploaded: 7},
	}
	files := fakeFiles{
		"d": {mode: fs.ModeDir}, "d/a": {size: half, mtime: noon}, "empty": {mtime: noon},
		"b": {size: 10<<15 - half, mtime: noon}, "link": {mode: fs.ModeSymlink},
	}
	p.Stat = files.stat
	return r, p, files
}

func TestCheck(t *testing.T) {
	const half = 5<<15 + 1<<14
	all, none := swarm.Bitfield{0xff, 0xc0}, swarm.Bitfield{0, 0}
	onlyB, onlyA := swarm.Bitfield{0b00000011, 0xc0}, swarm.Bitfield{0b11111000, 0}
	butFive := swarm.Bitfield{0b11111011, 0xc0}
	rest := swarm.Bitfield{0b00001111, 0xc0}
	owned := []string{"b", "d/", "d/a", "link"}
	for _, test := range []struct {
		name        string
		change      func(*Record, *Probe, fakeFiles)
		clean, open bool           // whether each state is trusted
		check       swarm.Bitfield // for an open record
		owned       []string
	}{
		{"unchanged", func(*Record, *Probe, fakeFiles) {}, true, true, rest, owned},
		{"written to later", func(r *Record, p *Probe, f fakeFiles) { f["b"] = fakeInfo{size: half - 1<<15, mtime: after} }, false, true, rest, owned},
		{"set back", func(r *Record, p *Probe, f fakeFiles) { f["b"] = fakeInfo{size: half - 1<<15, mtime: before} }, false, false, all, owned},
		{"cut", func(r *Record, p *Probe, f fakeFiles) { f["d/a"] = fakeInfo{size: half - 1, mtime: noon} }, false, false, butFive, owned},
		{"cut to nothing", func(r *Record, p *Probe, f fakeFiles) { f["d/a"] = fakeInfo{mtime: noon} }, false, false, onlyB, owned},
		{"cut within a piece", func(r *Record, p *Probe, f fakeFiles) { f["d/a"] = fakeInfo{size: 1<<15 - 1, mtime: noon} }, false, false, onlyB, []string{"b", "d/", "link"}},
		{"shorter, of another program", func(r *Record, p *Probe, f fakeFiles) {
			f["d/a"] = fakeInfo{size: half - 1, mtime: noon}
			p.Verify = func([]int) (bool, error) { return false, nil }
		}, false, false, butFive, []string{"b", "d/", "link"}},
		{"grown", func(r *Record, p *Probe, f fakeFiles) { f["d/a"] = fakeInfo{size: half + 1, mtime: noon} }, false, false, all, []string{"b", "d/", "link"}},
		{"gone", func(r *Record, p *Probe, f fakeFiles) { delete(f, "b") }, false, false, onlyA, []string{"d/", "d/a", "link"}},
		{"all gone", func(r *Record, p *Probe, f fakeFiles) { clear(f) }, false, false, none, nil},
		{"empty file deleted", func(r *Record, p *Probe, f fakeFiles) { delete(f, "empty") }, false, false, all, owned},
		{"folder instead of a file", func(r *Record, p *Probe, f fakeFiles) { f["b"] = fakeInfo{mode: fs.ModeDir} }, false, false, onlyA, []string{"d/", "d/a", "link"}},
		{"link gone", func(r *Record, p *Probe, f fakeFiles) { delete(f, "link") }, true, true, rest, []string{"b", "d/", "d/a"}},
		{"appeared", func(r *Record, p *Probe, f fakeFiles) { r.Files[2].Size = Absent }, false, true, rest, owned},
		{"never there", func(r *Record, p *Probe, f fakeFiles) { r.Files[2].Size = Absent; delete(f, "b") }, true, true, swarm.Bitfield{0b00001000, 0}, []string{"d/", "d/a", "link"}},
		{"truncated while it was made", func(r *Record, p *Probe, f fakeFiles) { r.Files[2].Size = Absent; f["b"] = fakeInfo{size: 0} }, false, true, swarm.Bitfield{0b00001000, 0}, owned},
		{"larger, made by another program", func(r *Record, p *Probe, f fakeFiles) { r.Files[2].Size = Absent; f["b"] = fakeInfo{size: half} }, false, true, rest, []string{"d/", "d/a", "link"}},
		{"not ours", func(r *Record, p *Probe, f fakeFiles) { r.Owned = nil }, true, true, rest, nil},
		{"bad sample", func(r *Record, p *Probe, f fakeFiles) {
			p.Verify = func([]int) (bool, error) { return false, nil }
		}, true, false, all, owned},
		{"no Verify", func(r *Record, p *Probe, f fakeFiles) { p.Verify = nil }, true, false, all, owned},
		{"nothing held", func(r *Record, p *Probe, f fakeFiles) {
			p.Verify = nil
			r.Pieces = swarm.Bitfield{0, 0}
		}, true, true, all, owned},
		{"one swarm in common", func(r *Record, p *Probe, f fakeFiles) { r.Swarms = []swarm.ID{{9}, {2}} }, true, true, rest, owned},
		{"another torrent", func(r *Record, p *Probe, f fakeFiles) { r.Swarms = []swarm.ID{{9}} }, false, false, all, nil},
		{"no record", func(r *Record, p *Probe, f fakeFiles) { *r = Record{State: r.State} }, false, false, all, nil},
		{"other pieces", func(r *Record, p *Probe, f fakeFiles) { r.PieceLength *= 2 }, false, false, all, owned},
		{"other length", func(r *Record, p *Probe, f fakeFiles) { r.Length-- }, false, false, all, owned},
		{"other files", func(r *Record, p *Probe, f fakeFiles) { r.Files[0].Path = "x" }, false, false, all, owned},
		{"fewer files", func(r *Record, p *Probe, f fakeFiles) { r.Files = r.Files[:2] }, false, false, all, owned},
		{"spare bits", func(r *Record, p *Probe, f fakeFiles) { r.Pieces[1] = 1 }, false, false, all, owned},
		{"spilled block outside the piece", func(r *Record, p *Probe, f fakeFiles) { r.Spilled[0].Blocks[0] = 2 }, false, false, all, owned},
	} {
		for state, trusted := range map[State]bool{Clean: test.clean, Open: test.open} {
			t.Run(test.name+" "+state.String(), func(t *testing.T) {
				r, p, files := sample()
				r.State = state
				test.change(&r, &p, files)
				v, err := r.Check(p)
				require.NoError(t, err)
				require.NoError(t, v.Record.validate())
				require.Equal(t, test.owned, v.Record.Owned)
				require.Equal(t, p.Swarms, v.Record.Swarms)
				if test.name != "another torrent" && test.name != "no record" {
					require.Equal(t, r.Totals, v.Record.Totals)
				}
				for _, f := range v.Record.Files {
					if info, ok := files[f.Path]; ok && info.mode.IsRegular() {
						require.Equal(t, info.size, f.Size)
						require.True(t, info.mtime.Equal(f.ModTime))
					} else {
						require.EqualValues(t, Absent, f.Size)
					}
				}
				if !trusted {
					requireDistrusted(t, v)
					if !test.open {
						require.Equal(t, test.check, v.Check)
					}
					return
				}
				requireTrusted(t, r, v)
				if state == Open {
					require.Equal(t, test.check, v.Check)
				}
			})
		}
	}
}

// requireDistrusted requires that a verdict trusts nothing.
func requireDistrusted(t *testing.T, v Verdict) {
	t.Helper()
	require.Error(t, v.Distrust)
	require.Zero(t, v.Record.Pieces.Count())
	require.Empty(t, v.Record.Spilled)
	require.Equal(t, Open, v.Record.State)
}

// requireTrusted requires that a verdict has all pieces of a record.
func requireTrusted(t *testing.T, r Record, v Verdict) {
	t.Helper()
	require.NoError(t, v.Distrust)
	require.Equal(t, r.Pieces, v.Record.Pieces)
	require.Equal(t, r.Spilled, v.Record.Spilled)
	require.Equal(t, r.State, v.Record.State)
	if r.State == Clean {
		require.Zero(t, v.Check.Count())
	}
}

// TestCheckFilesModifiedLater writes to files after an open record was saved. Nobody knows
// who did, so their pieces are hashed again, also one that they share with another file.
func TestCheckFilesModifiedLater(t *testing.T) {
	r, p, files := sample()
	r.State, r.Pieces = Open, swarm.Bitfield{0xff, 0xc0}
	files["b"] = fakeInfo{size: files["b"].size, mtime: after}
	var sampled []int
	p.Verify = func(pieces []int) (bool, error) { sampled = pieces; return true, nil }
	v, err := r.Check(p)
	require.NoError(t, err)
	require.NoError(t, v.Distrust)
	require.Equal(t, swarm.Bitfield{0b11111000, 0}, v.Record.Pieces)
	require.Equal(t, swarm.Bitfield{0b00000111, 0xc0}, v.Check)
	require.Equal(t, []int{0, 1, 2, 3, 4}, sampled, "of those that are trusted")
	require.Equal(t, swarm.Bitfield{0xff, 0xc0}, r.Pieces, "the record is a value")
	require.Equal(t, after, v.Record.Files[2].ModTime)
}

// TestCheckFilesThatGrew is about files that get their length by writes. One that was
// longer after a crash than in the record is hashed again, and spoils no other.
func TestCheckFilesThatGrew(t *testing.T) {
	for name, test := range map[string]struct {
		size    int64
		mtime   time.Time
		state   State
		trusted bool
	}{
		"grew":                    {2 << 15, after, Open, true},
		"grew in the same tick":   {2 << 15, noon, Open, true},
		"grew to its length":      {5<<15 + 1<<14, after, Open, true},
		"grew beyond it":          {5<<15 + 1<<14 + 1, after, Open, false},
		"grew, and was set back":  {2 << 15, before, Open, false},
		"became shorter":          {1<<15 - 1, after, Open, false},
		"grew after a clean stop": {2 << 15, after, Clean, false},
	} {
		t.Run(name, func(t *testing.T) {
			r, p, files := sample()
			r.State, r.Pieces = test.state, swarm.Bitfield{0b10000011, 0}
			r.Files[0].Size = 1 << 15
			files["d/a"] = fakeInfo{size: test.size, mtime: test.mtime}
			v, err := r.Check(p)
			require.NoError(t, err)
			if !test.trusted {
				requireDistrusted(t, v)
				return
			}
			require.NoError(t, v.Distrust)
			require.Equal(t, swarm.Bitfield{0b00000011, 0}, v.Record.Pieces, "the pieces of the other file")
			require.True(t, v.Check.Has(0))
		})
	}
}

// TestCheckIncompleteFiles is about a file that is at another name. What becomes of that name
// is as for the path of any file.
func TestCheckIncompleteFiles(t *testing.T) {
	for name, test := range map[string]struct {
		size int64
		ours bool
	}{
		"unchanged":                   {5<<15 + 1<<14, true},
		"larger, of another program":  {5<<15 + 1<<14 + 1, false},
		"shorter, of another program": {2 << 15, false},
		"cut to nothing":              {0, true},
	} {
		t.Run(name, func(t *testing.T) {
			r, p, files := sample()
			r.Owned = []string{"b", "d/a+"}
			files["d/a+"] = fakeInfo{size: test.size, mtime: noon}
			files["d/a"] = files["d/a+"]
			p.Verify = func([]int) (bool, error) { return false, nil }
			p.FileAt = func(name string) string { return strings.TrimSuffix(name, "+") }
			v, err := r.Check(p)
			require.NoError(t, err)
			require.Equal(t, test.ours, v.Record.Owns("d/a+"))
		})
	}
}

func TestCheckCannotExamineFiles(t *testing.T) {
	for _, path := range []string{"b", "d", "link"} {
		r, p, files := sample()
		files[path] = fakeInfo{err: fs.ErrPermission}
		_, err := r.Check(p)
		require.ErrorIs(t, err, fs.ErrPermission)
		require.Contains(t, err.Error(), "resume: examining "+path)
	}
	r, p, _ := sample()
	r.State = Open
	p.Verify = func([]int) (bool, error) { return false, errors.ErrUnsupported }
	_, err := r.Check(p)
	require.ErrorIs(t, err, errors.ErrUnsupported)
}

// A file has the place of a folder, so nothing below it exists.
func TestCheckFileAtAFolder(t *testing.T) {
	r, p, files := sample()
	files["d"] = fakeInfo{}
	files["d/a"] = fakeInfo{err: &fs.PathError{Op: "lstat", Path: "d/a", Err: syscall.ENOTDIR}}
	r.Owned = append(r.Owned, "d/made/")
	files["d/made"] = files["d/a"]
	v, err := r.Check(p)
	require.NoError(t, err)
	require.EqualValues(t, Absent, v.Record.Files[0].Size)
	require.False(t, v.Record.Owns("d/a"))
	require.False(t, v.Record.Owns("d/made/"))
	require.True(t, v.Record.Owns("b"))
}

func TestCheckSamples(t *testing.T) {
	const n = 1000
	r := Record{Swarms: []swarm.ID{{}}, Length: n << 14, PieceLength: 1 << 14, Pieces: swarm.NewBitfield(n)}
	for i := 0; i < n; i += 2 {
		r.Pieces.Set(i)
	}
	var sampled [][]int
	p := Probe{
		Swarms: r.Swarms, Geometry: swarm.Geometry{Length: r.Length, PieceLength: r.PieceLength},
		Verify: func(pieces []int) (bool, error) { sampled = append(sampled, pieces); return true, nil },
		Rand:   rand.New(rand.NewPCG(1, 2)),
	}
	for _, size := range []int{0, 1, 20, 5000} {
		p.Sample = size
		_, err := r.Check(p)
		require.NoError(t, err)
		got := sampled[len(sampled)-1]
		require.Len(t, got, min(max(size, 8), n/2))
		for i, piece := range got {
			require.True(t, r.Pieces.Has(piece))
			require.True(t, i == 0 || piece > got[i-1], "each once")
		}
		require.Less(t, got[0], n/8+2, "the sample is spread over the torrent")
		require.Greater(t, got[len(got)-1], n-n/8-2)
	}
	require.NotEqual(t, sampled[0], sampled[1], "the sample is random")
	p.Rand = nil
	_, err := r.Check(p)
	require.NoError(t, err)
}
