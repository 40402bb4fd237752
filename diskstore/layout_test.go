package diskstore

import (
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shoal-bt/shoal/swarm"
)

func TestLayoutRefuses(t *testing.T) {
	for _, test := range []struct {
		name  string
		files []swarm.File
		want  string
	}{
		{"negative length", []swarm.File{{Path: "a", Length: -1}}, "not a valid range"},
		{"negative offset", []swarm.File{{Path: "a", Offset: -1, Length: 1}}, "not a valid range"},
		{"overflow", []swarm.File{{Path: "a", Offset: math.MaxInt64, Length: 1}}, "not a valid range"},
		{"overlap", []swarm.File{{Path: "a", Length: 5}, {Path: "b", Offset: 4, Length: 5}}, "before the end"},
		{"wrong order", []swarm.File{{Path: "a", Offset: 5, Length: 5}, {Path: "b", Length: 5}}, "before the end"},
		{"pads overlap", []swarm.File{{Path: "a", Length: 5}, {Offset: 4, Length: 5, Pad: true}}, "before the end"},
		{"empty path", []swarm.File{{Length: 1}}, "not a valid path within the folder"},
		{"the folder itself", []swarm.File{{Path: ".", Length: 1}}, "not a valid path within the folder"},
		{"upwards", []swarm.File{{Path: "../a", Length: 1}}, "not a valid path within the folder"},
		{"upwards inside", []swarm.File{{Path: "t/../../a", Length: 1}}, "not a valid path within the folder"},
		{"absolute", []swarm.File{{Path: "/etc/passwd", Length: 1}}, "not a valid path within the folder"},
		{"empty element", []swarm.File{{Path: "t//a", Length: 1}}, "not a valid path within the folder"},
		{"NUL", []swarm.File{{Path: "t/a\x00b", Length: 1}}, "not a valid path within the folder"},
		{"twice", []swarm.File{{Path: "t/a", Length: 1}, {Path: "t/a", Offset: 1, Length: 1}}, "two files"},
		{"empty and non-empty", []swarm.File{{Path: "t/a"}, {Path: "t/a", Length: 1}}, "two files"},
		{"file and folder", []swarm.File{{Path: "t/a", Length: 1}, {Path: "t/a/b", Offset: 1, Length: 1}}, "both a file and the folder"},
		{"link and folder", []swarm.File{{Path: "t/l", Symlink: "t/d"}, {Path: "t/l/b", Length: 1}}, "both a file and the folder"},
		{"link to above", []swarm.File{{Path: "t/l", Symlink: "../x"}}, "out of the torrent"},
		{"link to another torrent", []swarm.File{{Path: "t/l", Symlink: "u/x"}}, "out of the torrent"},
		{"link to a folder with the same prefix", []swarm.File{{Path: "t/l", Symlink: "tt/x"}}, "out of the torrent"},
		{"link to itself", []swarm.File{{Path: "t/l", Symlink: "t/l"}}, "out of the torrent"},
		{"link with bytes", []swarm.File{{Path: "t/l", Symlink: "t/x", Length: 1}}, "has 1 bytes"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := Open(t.TempDir(), test.files, Options{})
			require.ErrorContains(t, err, "diskstore: ")
			require.ErrorContains(t, err, test.want)
		})
	}
}

func TestLayoutAccepts(t *testing.T) {
	for _, files := range [][]swarm.File{
		nil,
		{{Path: "a"}},
		{{Path: "a", Length: 1}, {Path: "empty"}, {Path: "b", Offset: 1, Length: 1}},
		{{Path: "../ignored", Length: 5, Pad: true}, {Path: "a", Offset: 5, Length: 1}},
		{{Path: "a", Offset: 100, Length: 1}},
		{{Path: "t/l", Symlink: "t"}, {Path: "t/m", Symlink: "t/not/there"}},
		{{Path: "l", Symlink: "m"}},
	} {
		_, err := newLayout(files)
		require.NoError(t, err)
	}
}

// TestEveryIntersection lays out files of every small size, with pads and gaps
// between them, and checks every byte and every range.
func TestEveryIntersection(t *testing.T) {
	for a := range int64(4) {
		for gap := range int64(3) {
			for b := range int64(4) {
				for pad := range int64(3) {
					for c := range int64(3) {
						intersections(t, []swarm.File{
							{Path: "a", Length: a},
							{Path: "b", Offset: a + gap, Length: b},
							{Path: "p", Offset: a + gap + b, Length: pad, Pad: true},
							{Path: "e", Offset: a + gap + b + pad},
							{Path: "c", Offset: a + gap + b + pad, Length: c},
						})
					}
				}
			}
		}
	}
}

func intersections(t *testing.T, files []swarm.File) {
	l, err := newLayout(files)
	require.NoError(t, err)
	last := files[len(files)-1]
	require.Equal(t, last.Offset+last.Length, l.length)
	// owner holds the path of the file that each byte belongs to, or "".
	owner := make([]string, l.length)
	for _, f := range files {
		for i := range f.Length {
			if !f.Pad {
				owner[f.Offset+i] = f.Path
			}
		}
	}
	for off := range l.length {
		i := l.find(off)
		if i < len(l.spans) && l.spans[i].offset <= off {
			require.Equal(t, owner[off], l.spans[i].file.Path)
		} else {
			require.Empty(t, owner[off])
		}
		for end := off + 1; end <= l.length; end++ {
			var want, got []string
			for _, o := range owner[off:end] {
				if o != "" && !slices.Contains(want, o) {
					want = append(want, o)
				}
			}
			for j := i; j < len(l.spans) && l.spans[j].offset < end; j++ {
				got = append(got, l.spans[j].file.Path)
			}
			require.Equal(t, want, got)
		}
	}
	require.Equal(t, len(l.spans), l.find(l.length))
}

func FuzzLayout(f *testing.F) {
	f.Add("t/a", "t/b", "t/a", int64(0), int64(5), int64(5), int64(3))
	f.Add("../a", "/b", "..", int64(-1), int64(5), int64(math.MaxInt64), int64(3))
	f.Fuzz(func(t *testing.T, a, b, link string, offA, lenA, offB, lenB int64) {
		l, err := newLayout([]swarm.File{
			{Path: a, Offset: offA, Length: lenA},
			{Path: b, Offset: offB, Length: lenB},
			{Path: "t/l", Symlink: link},
		})
		if err != nil {
			return
		}
		for i, s := range l.spans {
			if s.offset >= s.end || s.end > l.length || (i > 0 && s.offset < l.spans[i-1].end) {
				t.Fatalf("span %d is %d to %d of %d", i, s.offset, s.end, l.length)
			}
			if got := l.find(s.offset); got != i {
				t.Fatalf("the first byte of span %d is found in %d", i, got)
			}
			if got := l.find(s.end - 1); got != i {
				t.Fatalf("the last byte of span %d is found in %d", i, got)
			}
		}
	})
}

// Each file is a lane. Pads belong to the file before them, and files without bytes are
// no lane.
func TestWriteLane(t *testing.T) {
	files := []swarm.File{
		{Path: ".pad/2", Length: 2, Pad: true},
		{Path: "t/a", Offset: 2, Length: 3},
		{Path: ".pad/1", Offset: 5, Length: 1, Pad: true},
		{Path: "t/empty", Offset: 6},
		{Path: "t/b", Offset: 6, Length: 1},
		{Path: "t/c", Offset: 9, Length: 2}, // after a gap
	}
	lanes := func(o Options) (lanes []int) {
		s := mustOpen(t, t.TempDir(), files, o)
		for off := range s.Length() {
			lanes = append(lanes, s.WriteLane(off))
		}
		return lanes
	}
	require.Equal(t, []int{-1, -1, 0, 0, 0, 0, 1, 1, 1, 2, 2}, lanes(Options{}))
	require.Equal(t, []int{-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1}, lanes(Options{ParallelWrites: true}))
}
