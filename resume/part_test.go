package resume

import (
	"errors"
	"io/fs"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shoal-bt/shoal/bencode"
	"github.com/shoal-bt/shoal/swarm"
)

// partSample is sample, but b does not exist: its bytes are in a part file, of which pieces
// 5, 8 and a block of 7 are held.
func partSample() (Record, Probe, fakeFiles) {
	r, p, files := sample()
	r.Pieces = swarm.Bitfield{0b11110100, 0b10000000}
	r.Spilled = []Spill{{4, []int{0}}, {7, []int{1}}}
	r.Files[2].Size, r.Files[2].ModTime = Absent, fakeInfo{}.mtime
	r.Part = Part{Path: ".p", Size: 70000, ModTime: noon, Files: []int{2}}
	r.Owned = []string{".p", "d/", "d/a", "link"}
	delete(files, "b")
	files[".p"] = fakeInfo{size: 70000, mtime: noon}
	return r, p, files
}

func TestCheckPart(t *testing.T) {
	all, inA := swarm.Bitfield{0b11110100, 0b10000000}, swarm.Bitfield{0b11110000, 0}
	costs := swarm.Bitfield{0b00000100, 0b10000000}
	none := swarm.Bitfield{0, 0}
	for _, test := range []struct {
		name   string
		change func(*Record, *Probe, fakeFiles)
		held   swarm.Bitfield
		check  swarm.Bitfield // for a clean record
		exists bool
	}{
		{"unchanged", func(*Record, *Probe, fakeFiles) {}, all, none, true},
		{"missing", func(_ *Record, _ *Probe, f fakeFiles) { delete(f, ".p") }, inA, none, false},
		{"a folder", func(_ *Record, _ *Probe, f fakeFiles) { f[".p"] = fakeInfo{mode: fs.ModeDir} }, inA, none, false},
		{"cut", func(_ *Record, _ *Probe, f fakeFiles) { f[".p"] = fakeInfo{size: 69999, mtime: noon} }, inA, costs, true},
		{"grown", func(_ *Record, _ *Probe, f fakeFiles) { f[".p"] = fakeInfo{size: 70001, mtime: noon} }, inA, costs, true},
		{"written to later", func(_ *Record, _ *Probe, f fakeFiles) { f[".p"] = fakeInfo{size: 70000, mtime: after} }, inA, costs, true},
		{"set back", func(_ *Record, _ *Probe, f fakeFiles) { f[".p"] = fakeInfo{size: 70000, mtime: before} }, inA, costs, true},
		{"not listed", func(r *Record, _ *Probe, _ fakeFiles) { r.Part = Part{} }, inA, none, false},
		{"nothing in it", func(r *Record, _ *Probe, _ fakeFiles) { r.Part.Files = nil }, inA, none, true},
	} {
		for _, state := range []State{Clean, Open} {
			t.Run(test.name+" "+state.String(), func(t *testing.T) {
				r, p, files := partSample()
				r.State = state
				test.change(&r, &p, files)
				v, err := r.Check(p)
				require.NoError(t, err)
				require.NoError(t, v.Distrust)
				require.NoError(t, v.Record.validate())
				require.Equal(t, test.held, v.Record.Pieces)
				if state == Clean {
					require.Equal(t, test.check, v.Check)
				}
				require.Equal(t, test.exists, v.Record.Part.Path != "")
				if test.exists {
					require.Equal(t, files[".p"].size, v.Record.Part.Size)
				}
				wantSpilled := r.Spilled
				if len(r.Part.Files) > 0 && test.held[0] == inA[0] {
					wantSpilled = r.Spilled[:1]
				}
				require.Equal(t, wantSpilled, v.Record.Spilled)
			})
		}
	}
}

// A file that exists and has bytes in the part file as well, because it was about to get
// them, needs the part file too.
func TestCheckPartOfAFileThatExists(t *testing.T) {
	r, p, files := partSample()
	r.State = Open
	files["b"] = fakeInfo{size: r.Files[2].Length, mtime: after}
	v, err := r.Check(p)
	require.NoError(t, err)
	require.Equal(t, r.Pieces, v.Record.Pieces)
	delete(files, ".p")
	v, err = r.Check(p)
	require.NoError(t, err)
	require.Equal(t, swarm.Bitfield{0b11110000, 0}, v.Record.Pieces)
	require.Equal(t, swarm.Bitfield{0b00001111, 0b11000000}, v.Check, "perhaps it got its bytes")
}

func TestCheckCannotExamineThePart(t *testing.T) {
	r, p, files := partSample()
	files[".p"] = fakeInfo{err: fs.ErrPermission}
	_, err := r.Check(p)
	require.ErrorIs(t, err, fs.ErrPermission)
}

// What is wrong in the part of a record costs it, and nothing else.
func TestPartThatIsNotValid(t *testing.T) {
	for _, garbage := range []string{
		"i1e", "le", "de", "d4:pathi1ee", "d5:filesle4:path0:4:sizei1ee", "d5:filesle4:path2:..4:sizei1ee",
		"d5:filesli3ee4:path2:.p4:sizei1ee", "d5:filesli1ei1ee4:path2:.p4:sizei1ee", "d5:filesl1:ae4:path2:.p4:sizei1ee",
		"d5:filesli-1ee4:path2:.p4:sizei1ee", "d5:filesle4:path2:.p4:sizei-1ee",
	} {
		v, err := bencode.Scan([]byte("d4:part"+garbage+"e"), bencode.Options{})
		require.NoError(t, err, garbage)
		require.Equal(t, Part{}, part(v, 3), garbage)
	}
	r, _, _ := partSample()
	require.Equal(t, encode(r), encode(reload(t, r)))
	require.Equal(t, r.Part.Files, reload(t, r).Part.Files)
}

// TestKeeperPart follows the file b from the part file to where it belongs.
func TestKeeperPart(t *testing.T) {
	r, p, files := partSample()
	inPart := []string{"b"}
	var saved []Record
	k, err := OpenKeeper(r, Config{
		Geometry: p.Geometry, Files: p.Files, Stat: files.stat,
		Save: func(r Record) error { saved = append(saved, r); return nil },
		Part: func() (string, []string) {
			if inPart == nil {
				return "", nil
			}
			return ".p", inPart
		},
	})
	require.NoError(t, err)
	last := func() Record { return saved[len(saved)-1] }
	require.Equal(t, r.Part, last().Part)
	n := len(saved)
	require.NoError(t, k.Flush())
	require.Len(t, saved, n, "nothing is new")

	// A piece of b is written, which does not exist.
	files[".p"] = fakeInfo{size: 80000, mtime: after}
	k.Wrote(9)
	require.NoError(t, k.Flush())
	require.EqualValues(t, 80000, last().Part.Size)
	require.True(t, last().Pieces.Has(9))
	require.EqualValues(t, Absent, last().Files[2].Size)

	// Without a part file that is an error.
	inPart = nil
	k.Wrote(7)
	require.ErrorIs(t, k.Flush(), fs.ErrNotExist)

	// It moves into place, and is examined although nothing else was written to it.
	inPart = []string{"b"}
	require.NoError(t, k.Flush())
	delete(files, ".p")
	inPart = nil
	files["b"] = fakeInfo{size: r.Files[2].Length, mtime: after}
	require.NoError(t, k.Flush())
	require.Equal(t, Part{}, last().Part)
	require.Equal(t, r.Files[2].Length, last().Files[2].Size)
	require.NoError(t, k.Close(nil))
	require.Equal(t, Clean, last().State)
}

func TestKeeperClosesWithPart(t *testing.T) {
	r, p, files := partSample()
	var saved Record
	k, err := OpenKeeper(r, Config{
		Geometry: p.Geometry, Files: p.Files, Stat: files.stat,
		Save: func(r Record) error { saved = r; return nil },
		Part: func() (string, []string) { return ".p", []string{"b"} },
	})
	require.NoError(t, err)
	k.Wrote(9)
	files[".p"] = fakeInfo{size: 80000, mtime: after}
	require.NoError(t, k.Close(nil))
	require.Equal(t, Clean, saved.State)
	v, err := saved.Check(p)
	require.NoError(t, err)
	require.NoError(t, v.Distrust)
	require.Equal(t, saved.Pieces, v.Record.Pieces)
	require.True(t, v.Record.Pieces.Has(9))
}

// A file that is not wanted is never listed as ours ahead, and is no longer when it is not
// wanted any more: somebody else may put a file there.
func TestUnwantedFilesAreNotListedAhead(t *testing.T) {
	unwanted := map[string]bool{"f1": true}
	m := newMachine(newSimDisk(), fakeFiles{}, map[int]bool{}, noon)
	p := crashProbe(m)
	v, err := Record{}.Check(p)
	require.NoError(t, err)
	var saved Record
	k, err := OpenKeeper(v.Record, Config{
		Geometry: p.Geometry, Files: p.Files, Stat: p.Stat,
		Save:   func(r Record) error { saved = r; return nil },
		Wanted: func(path string) bool { return !unwanted[path] },
	})
	require.NoError(t, err)
	require.NoError(t, k.Own([]string{"f0"}))
	require.Equal(t, []string{"f0", "f2", "f3", "f4", "f5"}, saved.Owned)
	unwanted["f3"], unwanted["f4"] = true, true
	require.NoError(t, k.Own([]string{"f4"}), "the store makes it all the same")
	require.NoError(t, k.Flush())
	require.Equal(t, []string{"f0", "f2", "f4", "f5"}, saved.Owned)
	require.NoError(t, k.Own([]string{"f3"}))
	require.Equal(t, []string{"f0", "f2", "f3", "f4", "f5"}, saved.Owned)
}

func TestPartCannotBeExamined(t *testing.T) {
	r, p, files := partSample()
	k, err := OpenKeeper(r, Config{
		Geometry: p.Geometry, Files: p.Files, Stat: files.stat,
		Save: func(Record) error { return nil },
		Part: func() (string, []string) { return ".p", []string{"b"} },
	})
	require.NoError(t, err)
	files[".p"] = fakeInfo{err: errors.ErrUnsupported}
	k.Wrote(9)
	require.ErrorIs(t, k.Flush(), errors.ErrUnsupported)
	files[".p"] = fakeInfo{size: 80000, mtime: after}
	require.NoError(t, k.Flush())
	require.True(t, k.Record().Pieces.Has(9), "it was not forgotten")
}
