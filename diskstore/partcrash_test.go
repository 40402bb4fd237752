package diskstore

import (
	"bytes"
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"slices"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shoal-bt/shoal/swarm"
)

// A partRun writes a torrent of which not all files are wanted, piece by piece, and changes
// its mind about which. It remembers what a record would: which pieces are stable.
type partRun struct {
	sim    *simFS
	files  []swarm.File
	owned  map[string]bool
	now    map[int]int // version of each piece that was written
	stable map[int]int // version of each piece that was written before the last Sync
	done   int         // operations
	made   map[[2]int][]byte
}

const partPiece = 10000

func newPartRun() *partRun {
	r := &partRun{
		sim:    newSimFS(),
		owned:  make(map[string]bool),
		now:    make(map[int]int),
		stable: make(map[int]int),
		made:   make(map[[2]int][]byte),
	}
	at := int64(0)
	for _, f := range []swarm.File{
		{Path: "t/a", Length: 50000}, {Path: "t/w", Length: 30000}, {Path: "t/b", Length: 45000},
		{Path: "t/tiny", Length: 100}, {Path: "t/empty"}, {Path: "t/c", Length: 40000},
	} {
		f.Offset = at
		at += f.Length
		r.files = append(r.files, f)
	}
	return r
}

func (r *partRun) length() int64 {
	last := r.files[len(r.files)-1]
	return last.Offset + last.Length
}

func (r *partRun) pieces() int { return int((r.length() + partPiece - 1) / partPiece) }

// bytes returns a version of a piece.
func (r *partRun) bytes(piece, version int) []byte {
	if p := r.made[[2]int{piece, version}]; p != nil {
		return p
	}
	p := make([]byte, min(partPiece, r.length()-int64(piece)*partPiece))
	g := rand.New(rand.NewPCG(uint64(piece), uint64(version)))
	for i := range p {
		p[i] = byte(g.Uint32()) | 1
	}
	r.made[[2]int{piece, version}] = p
	return p
}

// unwanted says that the named files are not wanted.
func (r *partRun) unwanted(names ...string) []bool {
	list := make([]bool, len(r.files))
	for i, f := range r.files {
		list[i] = slices.Contains(names, f.Path)
	}
	return list
}

func (r *partRun) open(unwanted []bool) (*Store, error) {
	return Open("/dir", r.files, Options{
		FS:       r.sim,
		Owned:    slices.Collect(maps.Keys(r.owned)),
		Unwanted: unwanted,
		PartFile: ".x.part",
		Own: func(paths []string) error {
			for _, p := range paths {
				r.owned[p] = true
			}
			return nil
		},
		Disown: func(paths []string) {
			for _, p := range paths {
				delete(r.owned, p)
			}
		},
	})
}

func (r *partRun) write(s *Store, version int, pieces ...int) error {
	for _, i := range pieces {
		delete(r.now, i)
		delete(r.stable, i)
		if _, err := s.WriteAt(r.bytes(i, version), int64(i)*partPiece); err != nil {
			return err
		}
		r.now[i] = version
	}
	return nil
}

func (r *partRun) sync(s *Store) error {
	before := maps.Clone(r.now)
	if err := s.Sync(); err != nil {
		return err
	}
	maps.Copy(r.stable, before)
	return nil
}

func (r *partRun) operations() []func(s *Store) error {
	set := func(names ...string) func(*Store) error {
		return func(s *Store) error { return s.SetUnwanted(r.unwanted(names...)) }
	}
	write := func(version int, pieces ...int) func(*Store) error {
		return func(s *Store) error { return r.write(s, version, pieces...) }
	}
	return []func(s *Store) error{
		write(1, 0, 1, 3, 4, 5, 2, 7, 8, 9), r.sync, // of a and b, and w
		set("t/b", "t/tiny", "t/c"), // a moves into place
		write(1, 10, 12, 16),        // into slots that a had
		r.sync,
		write(2, 0, 4), r.sync, // to where it is now
		write(2, 8, 10), // and into the same ones
		set("t/c", "t/a"),
		write(3, 2), r.sync,
		set("t/a", "t/b", "t/c", "t/w", "t/empty"),
		write(2, 3, 13, 14), r.sync,
		set(),
		write(4, 0, 8, 13), r.sync,
	}
}

// run makes the operations that are left, and stops at an error.
func (r *partRun) run() error {
	s, err := r.open(r.unwanted("t/a", "t/b", "t/tiny", "t/c"))
	if err != nil {
		return err
	}
	defer s.Close()
	for _, call := range r.operations()[r.done:] {
		if err := call(s); err != nil {
			return err
		}
		r.done++
	}
	return nil
}

// requirePieces requires that pieces have the versions of a map.
func (r *partRun) requirePieces(t *testing.T, s *Store, versions map[int]int, when string) {
	t.Helper()
	for _, i := range slices.Sorted(maps.Keys(versions)) {
		want := r.bytes(i, versions[i])
		got := make([]byte, len(want))
		_, err := s.ReadAt(got, int64(i)*partPiece)
		require.NoError(t, err, "%s: piece %d", when, i)
		require.True(t, bytes.Equal(want, got), "%s: piece %d", when, i)
	}
}

// requireEnds requires that what must be there is there after a crash, in whatever
// selection, and that the torrent can be completed.
func (r *partRun) requireEnds(t *testing.T, versions map[int]int, when string) {
	t.Helper()
	r.sim.failAt = 0
	s, err := r.open(r.unwanted("t/b", "t/empty"))
	require.NoError(t, err, when)
	r.requirePieces(t, s, versions, when+", opened again")
	require.NoError(t, s.Close())
	s, err = r.open(nil)
	require.NoError(t, err, when)
	defer s.Close()
	require.NoError(t, s.SetUnwanted(nil), when)
	r.requirePieces(t, s, versions, when+", all wanted")
	versions = maps.Clone(versions)
	for i := range r.pieces() {
		if _, held := versions[i]; !held {
			require.NoError(t, r.write(s, 9, i), when)
			versions[i] = 9
		}
	}
	require.NoError(t, s.Complete(), when)
	r.requirePieces(t, s, versions, when+", complete")
	require.NoError(t, s.Close())
	var names []string
	for _, f := range r.files {
		names = append(names, f.Path)
	}
	require.ElementsMatch(t, names, slices.Collect(maps.Keys(r.sim.files)), when)
	var content []byte
	for _, f := range r.files {
		content = append(content, r.sim.files[f.Path].data...)
	}
	for i := range r.pieces() {
		want := r.bytes(i, versions[i])
		require.True(t, bytes.Equal(want, content[i*partPiece:][:len(want)]), "%s: piece %d in the files", when, i)
	}
}

// The program is killed at each step: what was written is there. Or the power fails at each
// step: what was synced is there.
func TestPartFileSurvivesCrashes(t *testing.T) {
	for at := 1; ; at++ {
		r := newPartRun()
		r.sim.stopAt = at
		err := r.run()
		for seed := range uint64(8) {
			after := *r
			after.owned, after.stable, after.now = maps.Clone(r.owned), maps.Clone(r.stable), maps.Clone(r.now)
			versions := after.now
			when := fmt.Sprintf("killed at step %d", at)
			if seed > 0 {
				versions = after.stable
				when = fmt.Sprintf("power cut at step %d, seed %d", at, seed)
			}
			after.sim = r.sim.afterCrash(rand.New(rand.NewPCG(uint64(at), seed)), seed > 0)
			after.requireEnds(t, versions, when)
		}
		if err == nil {
			require.Equal(t, len(r.operations()), r.done)
			require.Greater(t, at, 90)
			return
		}
	}
}

// Each call fails once, as on a full or a bad disk. The operation is tried again, or the
// torrent opened again, and nothing is lost that was stable.
func TestPartFileSurvivesErrors(t *testing.T) {
	for _, cause := range []error{syscall.ENOSPC, fs.ErrPermission} {
		for at := 1; ; at++ {
			r := newPartRun()
			r.sim.failAt, r.sim.cause = at, cause
			first := r.run()
			for tries := 0; r.done < len(r.operations()); tries++ {
				require.Less(t, tries, 3, "step %d", at)
				err := r.run()
				require.NoError(t, err, "step %d", at)
			}
			r.requireEnds(t, r.now, fmt.Sprintf("%v at step %d", cause, at))
			if first == nil && at > r.sim.step {
				require.Greater(t, at, 90)
				break
			}
		}
	}
}

// The same, but the store stays open, so that it must forget nothing.
func TestPartFileContinuesAfterErrors(t *testing.T) {
	for at := 1; ; at++ {
		r := newPartRun()
		s, err := r.open(r.unwanted("t/a", "t/b", "t/tiny", "t/c"))
		require.NoError(t, err)
		r.sim.step, r.sim.failAt, r.sim.cause = 0, at, syscall.ENOSPC
		failed := 0
		for r.done < len(r.operations()) {
			if err := r.operations()[r.done](s); err != nil {
				failed++
				if failed == 1 {
					continue
				}
				// A sync that failed once is never believed again.
				require.ErrorIs(t, err, syscall.ENOSPC, "step %d", at)
				require.NoError(t, s.Close())
				s, err = r.open(r.unwanted("t/a", "t/b", "t/tiny", "t/c"))
				require.NoError(t, err)
				failed = 0
				continue
			}
			r.done++
		}
		require.NoError(t, s.Close())
		r.requireEnds(t, r.now, fmt.Sprintf("step %d", at))
		if at > r.sim.step {
			return
		}
	}
}

// A foreign file has pieces that are held, and shares a chunk with a piece that comes. The
// held ones are read from the part file then, which must have them before an entry says so.
func TestForeignFileBesideThePartFileSurvivesPowerCuts(t *testing.T) {
	files := []swarm.File{{Path: "f", Length: 60000}}
	foreign, late := ones(60000), bytes.Repeat([]byte{7}, 10000)
	for at := 1; ; at++ {
		sim := newSimFS()
		sim.files["f"] = &simFile{data: foreign, synced: foreign}
		sim.stable["f"] = sim.files["f"]
		sim.stopAt = at
		var owned []string
		open := func(fs *simFS) *Store {
			return mustOpen(t, "/dir", files, Options{
				FS: fs, PartFile: ".p", Unwanted: []bool{true}, Owned: owned,
				Own: func(paths []string) error {
					owned = append(owned, paths...)
					return nil
				},
			})
		}
		_, err := open(sim).WriteAt(late, 20000)
		for seed := range uint64(64) {
			s := open(sim.afterCrash(rand.New(rand.NewPCG(uint64(at), seed)), true))
			got := make([]byte, 60000)
			_, err := s.ReadAt(got, 0)
			require.NoError(t, err)
			copy(got[20000:30000], foreign[20000:])
			require.True(t, bytes.Equal(foreign, got), "step %d, seed %d", at, seed)
			require.NoError(t, s.Close())
		}
		if err == nil {
			require.True(t, bytes.Equal(foreign, sim.files["f"].data), "it was left alone")
			return
		}
	}
}
