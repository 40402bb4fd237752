package diskstore

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// If the record is lost, Overwrite lets the next store use the part file, which becomes ours and
// is deleted when nothing is in it.
func TestPartFileOfALostRecord(t *testing.T) {
	files, want := partTorrent()
	dir := t.TempDir()
	s := openWithPart(t, dir, files, Options{})
	writeAll(t, s, want, 0)
	require.NoError(t, s.Sync())
	require.NoError(t, s.Close())
	var owned []string
	o := Options{
		Overwrite: true,
		Own:       func(paths []string) error { owned = append(owned, paths...); return nil },
		Warn:      func(err error) { t.Error(err) },
	}
	s = openWithPart(t, dir, files, o)
	requireBytes(t, s, want)
	require.Empty(t, owned, "nothing was written")
	writeAll(t, s, want[:10], 0)
	require.Equal(t, []string{".x.part"}, owned)
	require.Contains(t, s.Owned(), ".x.part")
	require.NoError(t, s.Close())

	owned = nil
	s = openWithPart(t, dir, files, o)
	require.NoError(t, s.SetUnwanted(nil))
	require.Contains(t, owned, ".x.part")
	require.NoError(t, s.Complete())
	require.NoFileExists(t, filepath.Join(dir, ".x.part"))
	requireFiles(t, dir, files, want)
}

// What has the name of the part file is reported as long as it exists, also if another one is in
// use, and not if it is the torrent's own.
func TestPartFileOfALostRecordIsReported(t *testing.T) {
	files, want := partTorrent()
	dir := t.TempDir()
	mine := put(t, dir, ".x.part", []byte("mine"))
	var warnings []error
	o := Options{Warn: func(err error) { warnings = append(warnings, err) }}
	s := openWithPart(t, dir, files, o)
	writeAll(t, s, want, 0)
	o.Owned = s.Owned()
	openWithPart(t, dir, files, o)
	require.Len(t, warnings, 2)
	require.NoError(t, os.Remove(mine))
	openWithPart(t, dir, files, o)
	require.Len(t, warnings, 2)

	files[1].Path = ".x.part"
	dir = t.TempDir()
	put(t, dir, ".x.part", want[files[1].Offset:][:files[1].Length])
	openWithPart(t, dir, files, o)
	require.Len(t, warnings, 2)
}

// Something else has the place of a folder of a file that is not wanted. The file's bytes go to
// the part file, also with names for incomplete files; a file that is wanted fails.
func TestFileAtTheFolderOfAFileThatIsNotWanted(t *testing.T) {
	files, want := partTorrent()
	files[0].Path = "t/folder/a"
	for name, block := range map[string]func(t *testing.T, dir string){
		"file": func(t *testing.T, dir string) { put(t, dir, "t/folder", []byte("mine")) },
		"symlink that leads out": func(t *testing.T, dir string) {
			require.NoError(t, os.Mkdir(filepath.Join(dir, "t"), 0o777))
			require.NoError(t, os.Symlink(t.TempDir(), filepath.Join(dir, "t", "folder")))
		},
	} {
		for _, suffix := range []string{"", ".part"} {
			t.Run(name+suffix, func(t *testing.T) {
				dir := t.TempDir()
				block(t, dir)
				o := Options{Unwanted: everySecond(files), PartFile: ".x.part", Suffix: suffix}
				s := mustOpen(t, dir, files, o)
				writeAll(t, s, want, 0)
				requireBytes(t, s, want)
				require.NoError(t, s.Sync())
				stats, err := s.Stat()
				require.NoError(t, err)
				require.False(t, stats[0].Exists)
				require.Error(t, s.SetUnwanted(nil))
				requireBytes(t, s, want)
				o.Unwanted = nil
				_, err = Open(dir, files, o)
				require.Error(t, err)
				require.NoError(t, os.Remove(filepath.Join(dir, "t", "folder")))
				require.NoError(t, s.SetUnwanted(nil))
				require.NoError(t, s.Complete())
				requireFiles(t, dir, files, want)
			})
		}
	}
}

func TestFolderAtThePathOfAFileThatIsNotWanted(t *testing.T) {
	files, want := partTorrent()
	a := files[0]
	dir := t.TempDir()
	require.NoError(t, os.MkdirAll(filepath.Join(dir, a.Path), 0o777))
	s := mustOpen(t, dir, files, Options{Unwanted: everySecond(files), PartFile: ".x.part"})
	writeAll(t, s, want, 0)
	requireBytes(t, s, want)
	require.DirExists(t, filepath.Join(dir, a.Path))
}
