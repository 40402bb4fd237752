package resume

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shoal-bt/shoal/swarm"
)

// machine is a computer whose power can fail at any step. It has a record on a
// simDisk and a store of one-piece files that shares its count of steps.
type machine struct {
	*simDisk
	clock   time.Time
	files   fakeFiles
	written map[int]bool // pieces in the page cache
	stable  map[int]bool // pieces that survive a power cut
	synced  fakeFiles    // files as they are after a power cut
}

func newMachine(d *simDisk, files fakeFiles, pieces map[int]bool, clock time.Time) *machine {
	return &machine{
		simDisk: d,
		clock:   clock,
		files:   maps.Clone(files),
		synced:  maps.Clone(files),
		written: maps.Clone(pieces),
		stable:  maps.Clone(pieces),
	}
}

func (m *machine) tick() time.Time {
	m.clock = m.clock.Add(time.Second)
	return m.clock
}

const crashPieces = 6

func crashProbe(m *machine) Probe {
	p := Probe{
		Swarms:   []swarm.ID{{7}},
		Geometry: swarm.Geometry{Length: crashPieces << 15, PieceLength: 1 << 15},
		Stat:     m.files.stat,
		Verify: func(pieces []int) (bool, error) {
			for _, i := range pieces {
				if !m.written[i] {
					return false, nil
				}
			}
			return true, nil
		},
	}
	for i := range crashPieces {
		p.Files = append(p.Files, swarm.File{Path: fmt.Sprint("f", i), Offset: int64(i) << 15, Length: 1 << 15})
	}
	return p
}

// write writes a piece as a store does: it calls Own, makes the file and writes.
func (m *machine) write(k *Keeper, piece int) error {
	path := fmt.Sprint("f", piece)
	if _, made := m.files[path]; !made {
		if err := k.Own([]string{path}); err != nil {
			return err
		}
		if err := m.next(); err != nil {
			return err
		}
		m.files[path] = fakeInfo{size: 1 << 15, mtime: m.tick()}
	}
	if err := m.next(); err != nil {
		return err
	}
	m.files[path] = fakeInfo{size: 1 << 15, mtime: m.tick()}
	m.written[piece] = true
	k.Wrote(piece)
	return nil
}

func (m *machine) sync() error {
	if err := m.next(); err != nil {
		return err
	}
	m.stable = maps.Clone(m.written)
	m.synced = maps.Clone(m.files)
	return nil
}

// run downloads the pieces that are missing in the record, with a flush after every
// two, and closes. It stops at the first error, as if the program had crashed.
func (m *machine) run() error {
	r, err := load(m.simDisk, "dir/record")
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	p := crashProbe(m)
	v, err := r.Check(p)
	if err != nil {
		return err
	}
	k, err := OpenKeeper(v.Record, Config{
		Geometry: p.Geometry, Files: p.Files, Stat: p.Stat, Sync: m.sync, Ahead: 1,
		Save: func(r Record) error { return save(m.simDisk, "dir/record", r) },
	})
	if err != nil {
		return err
	}
	for i := range crashPieces {
		if v.Record.Pieces.Has(i) {
			continue
		}
		if err := m.write(k, i); err != nil {
			return err
		}
		if i%2 == 1 {
			if err := k.Flush(); err != nil {
				return err
			}
		}
	}
	return k.Close(m.sync())
}

// The power fails at every step of a download. Whatever has reached the disk, the
// record has no piece that the disk lacks and lists every file that may exist, and the
// next run downloads only the pieces that were not recorded.
func TestDownloadSurvivesPowerCuts(t *testing.T) {
	for at := 1; ; at++ {
		m := newMachine(newSimDisk(), fakeFiles{}, map[int]bool{}, noon)
		m.failAt, m.crash = at, true
		done := m.run() == nil
		for _, w := range m.afterPowerCut() {
			r, err := load(w, "dir/record")
			if errors.Is(err, fs.ErrNotExist) {
				require.Empty(t, m.files, "a file was made before a record could list it")
				continue
			}
			require.NoError(t, err)
			for path := range m.files {
				require.True(t, r.Owns(path), "step %d: %s is not listed as ours", at, path)
			}
			for _, piece := range held(r) {
				require.True(t, m.stable[piece], "step %d: piece %d is recorded but not on disk", at, piece)
			}
			if done {
				require.Equal(t, Clean, r.State)
				require.Len(t, held(r), crashPieces)
			}

			// Either only the program crashed, or the machine too. Then a file
			// is as it was when it was last synced.
			for _, after := range []*machine{
				newMachine(w.afterPowerCut()[0], m.files, m.written, m.clock),
				newMachine(w.afterPowerCut()[0], m.synced, m.stable, m.clock),
			} {
				v, err := r.Check(crashProbe(after))
				require.NoError(t, err)
				require.NoError(t, v.Distrust, "step %d", at)
				require.Equal(t, held(r), held(v.Record))
				require.NoError(t, after.run())
				r, err := load(after.simDisk, "dir/record")
				require.NoError(t, err)
				require.Equal(t, Clean, r.State)
				require.Len(t, held(r), crashPieces)
			}
		}
		if done {
			require.Greater(t, at, 30)
			return
		}
	}
}
