package diskstore

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// A file that is wanted again gets its bytes at its incomplete name, and moves when it is
// whole. One that is not wanted stays where it is.
func TestPartFileAndIncompleteNames(t *testing.T) {
	for _, p := range placings {
		t.Run(p.name, func(t *testing.T) {
			above := t.TempDir()
			dir := filepath.Join(above, "done")
			o := Options{Suffix: p.suffix, PartFile: ".part", Unwanted: []bool{false, true}}
			incomplete := dir
			if p.other {
				incomplete = filepath.Join(above, "new")
				o.IncompleteDir = incomplete
			}
			s := mustOpen(t, dir, tenBytes("a", "b"), o)
			writeAll(t, s, ones(15), 0)
			require.FileExists(t, filepath.Join(dir, ".part"))
			require.NoFileExists(t, filepath.Join(incomplete, "b"+p.suffix))
			require.NoError(t, s.FinishFile(1), "nothing is there to move")
			require.NoError(t, s.Complete())
			require.FileExists(t, filepath.Join(dir, "a"))
			require.NoFileExists(t, filepath.Join(dir, "b"))

			require.NoError(t, s.SetUnwanted(nil))
			require.NoFileExists(t, filepath.Join(dir, ".part"))
			require.FileExists(t, filepath.Join(incomplete, "b"+p.suffix))
			writeAll(t, s, ones(20)[15:], 15)

			// A file with all of its bytes moves, also if it is not wanted any more.
			require.NoError(t, s.SetUnwanted([]bool{false, true}))
			require.NoError(t, s.Complete())
			require.NoFileExists(t, filepath.Join(dir, "b"))
			require.NoError(t, s.FinishFile(1))
			content, err := os.ReadFile(filepath.Join(dir, "b"))
			require.NoError(t, err)
			require.Equal(t, ones(20)[10:], content)
			require.NoError(t, s.Remove())
			require.Subset(t, []string{"done/", "new/"}, tree(t, above))
		})
	}
}

// The part file and an incomplete file never have one name.
func TestPartFileMeetsAnIncompleteName(t *testing.T) {
	dir := t.TempDir()
	o := Options{Suffix: ".part", PartFile: "a.part", Unwanted: []bool{false, true}}
	s := mustOpen(t, dir, tenBytes("a", "b"), o)
	writeAll(t, s, ones(20), 0)
	require.Equal(t, []string{"a.part", "a.part.1"}, tree(t, dir))
	got := make([]byte, 20)
	_, err := s.ReadAt(got, 0)
	require.NoError(t, err)
	require.Equal(t, ones(20), got)
}
