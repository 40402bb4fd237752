package resume

import (
	"errors"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shoal-bt/shoal/bencode"
	"github.com/shoal-bt/shoal/swarm"
)

// full is a record with something in every field.
func full() Record {
	pieces := swarm.NewBitfield(21)
	pieces.Set(0)
	pieces.Set(20)
	return Record{
		Swarms:      []swarm.ID{{1, 2, 3}, {4, 5}},
		Length:      20<<20 + 5,
		PieceLength: 1 << 20,
		State:       Open,
		Pieces:      pieces,
		Spilled:     []Spill{{3, []int{0, 9, 63}}, {7, []int{2}}},
		Files: []File{
			{"a/first", 5 << 20, 5 << 20, time.Unix(1700000000, 123456789)},
			{"a/old", 5 << 20, 7, time.Unix(-11644473600, 1)},
			{"empty", 0, 0, time.Unix(0, 0)},
			{"z", 10<<20 + 5, Absent, time.Time{}},
		},
		Part:  Part{Path: ".x.part", Size: 5000, ModTime: time.Unix(1700000001, 0), Files: []int{1, 3}},
		Owned: []string{"a/", "a/first", "link", "z"},
		Totals: Totals{
			Uploaded: 1 << 40, Downloaded: 2, Wasted: 3,
			Active:    time.Hour,
			Added:     time.Unix(1600000000, 0),
			Completed: time.Unix(1600000001, 5),
			Paused:    true,
			Folder:    "/data \xff",
			Source:    "file.torrent",
			Trackers:  [][]string{{"http://a/", "udp://b"}, {"http://c"}},
			Peers:     []netip.AddrPort{netip.MustParseAddrPort("127.0.0.1:6881"), netip.MustParseAddrPort("[::1]:1")},
			Extra:     map[string]string{"b": "\x00", "a": ""},
			Selection: someSelection(),
		},
	}
}

func TestRoundTrip(t *testing.T) {
	least := Record{Swarms: []swarm.ID{{}}, PieceLength: 1, Pieces: swarm.Bitfield{}}
	noTrackers := full()
	noTrackers.Totals.Trackers = [][]string{}
	noTrackers.State = Clean
	for _, want := range []Record{full(), least, noTrackers} {
		b := encode(want)
		_, err := bencode.Scan(b, bencode.Options{})
		require.NoError(t, err)
		got, err := decode(b)
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
}

func TestSaveToDisk(t *testing.T) {
	path := filepath.Join(t.TempDir(), "record")
	_, err := Load(path)
	require.ErrorIs(t, err, fs.ErrNotExist)
	require.NoError(t, os.WriteFile(path+".new", []byte("left by a crash"), 0o600))
	for state := range Clean + 1 {
		want := full()
		want.State = state
		require.NoError(t, Save(path, want))
		got, err := Load(path)
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
	entries, err := os.ReadDir(filepath.Dir(path))
	require.NoError(t, err)
	require.Len(t, entries, 1)
	require.Error(t, Save(filepath.Join(path, "below a file"), full()))
}

func TestSaveRefusesInvalidRecords(t *testing.T) {
	path := filepath.Join(t.TempDir(), "record")
	require.NoError(t, Save(path, full()))
	for name, spoil := range map[string]func(*Record){
		"no swarm":         func(r *Record) { r.Swarms = nil },
		"no piece length":  func(r *Record) { r.PieceLength = 0 },
		"negative length":  func(r *Record) { r.Length = -1 },
		"too many pieces":  func(r *Record) { r.Length, r.PieceLength = 1<<62, 1 },
		"spare bits":       func(r *Record) { r.Pieces[2] |= 1 },
		"short pieces":     func(r *Record) { r.Pieces = r.Pieces[:2] },
		"state":            func(r *Record) { r.State = 2 },
		"path":             func(r *Record) { r.Files[0].Path = "../x" },
		"file length":      func(r *Record) { r.Files[0].Length = -1 },
		"file size":        func(r *Record) { r.Files[0].Size = -2 },
		"owned":            func(r *Record) { r.Owned = []string{"b", "a"} },
		"spilled order":    func(r *Record) { r.Spilled[0].Piece = 8 },
		"spilled range":    func(r *Record) { r.Spilled[1].Piece = 21 },
		"spilled nothing":  func(r *Record) { r.Spilled[0].Blocks = nil },
		"spilled twice":    func(r *Record) { r.Spilled[0].Blocks = []int{1, 1} },
		"spilled block":    func(r *Record) { r.Spilled[0].Blocks = []int{64} },
		"spilled negative": func(r *Record) { r.Spilled[0].Blocks = []int{-1} },
	} {
		r := full()
		spoil(&r)
		require.Error(t, Save(path, r), name)
		if name != "state" { // the state is written by name
			_, err := decode(encodeAnyway(r))
			require.Error(t, err, name)
		}
	}
	got, err := Load(path)
	require.NoError(t, err)
	require.Equal(t, full(), got)
}

func encodeAnyway(r Record) []byte {
	for i, s := range r.Spilled {
		if len(s.Blocks) == 0 || s.Blocks[0] < 0 {
			r.Spilled[i] = Spill{Piece: -1, Blocks: []int{0}}
		} else if len(s.Blocks) > 1 && s.Blocks[0] == s.Blocks[1] {
			r.Spilled = append(r.Spilled, s) // the bitfield on disk cannot express this
		}
	}
	return encode(r)
}

// Every truncation and every flipped bit is detected.
func TestDamage(t *testing.T) {
	path := filepath.Join(t.TempDir(), "record")
	good := encode(full())
	damaged := func(b []byte) {
		t.Helper()
		_, err := decode(b)
		require.Error(t, err)
	}
	for n := range good {
		damaged(good[:n])
	}
	for i := range good {
		for bit := range 8 {
			good[i] ^= 1 << bit
			damaged(good)
			good[i] ^= 1 << bit
		}
	}
	damaged(append(good[:len(good):len(good)], 'e'))
	for _, b := range []string{"", "de", "i1e", "d6:recordde6:sha2560:e", strings.Repeat("\x00", 4096), strings.Repeat("l", 1<<20)} {
		require.NoError(t, os.WriteFile(path, []byte(b), 0o600))
		_, err := Load(path)
		var damage *DamageError
		require.ErrorAs(t, err, &damage)
		require.Equal(t, path, damage.Path)
		require.Contains(t, err.Error(), "resume: ")
		require.Error(t, errors.Unwrap(err))
	}
	f, err := os.Create(path)
	require.NoError(t, err)
	require.NoError(t, f.Truncate(MaxRecord+1)) // sparse
	require.NoError(t, f.Close())
	_, err = Load(path)
	require.ErrorAs(t, err, new(*DamageError))
}

func TestVersions(t *testing.T) {
	path := filepath.Join(t.TempDir(), "record")
	set := func(key string, item *bencode.Node) error {
		v, err := bencode.Scan(encode(full()), bencode.Options{})
		require.NoError(t, err)
		body, err := v.GetDict("record")
		require.NoError(t, err)
		n := bencode.NewNode(body)
		require.NoError(t, n.Set(key, item))
		b, err := n.Encode()
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(path, sealed(b), 0o600))
		_, err = Load(path)
		return err
	}
	require.NoError(t, set("a key of the same version", bencode.NewInt(1)))
	err := set("version", bencode.NewInt(version+1))
	require.Equal(t, &VersionError{Path: path, Version: version + 1}, err)
	require.Contains(t, err.Error(), "version 2")
	require.ErrorAs(t, set("version", bencode.NewText("1")), new(*DamageError))
	require.ErrorAs(t, set("state", bencode.NewText("open?")), new(*DamageError))
	require.ErrorAs(t, set("swarms", bencode.NewList(bencode.NewText("short"))), new(*DamageError))
	require.ErrorAs(t, set("files", bencode.NewList(bencode.NewInt(1))), new(*DamageError))
	require.ErrorAs(t, set("spilled", bencode.NewList(bencode.NewDict(map[string]*bencode.Node{
		"blocks": bencode.NewBytes(make([]byte, maxBlocks/8+1)), "piece": bencode.NewInt(1),
	}))), new(*DamageError))
	for _, key := range []string{"active", "extra", "folder", "peers", "trackers", "paused", "added"} {
		v, err := bencode.Scan(appendTotals(nil, full().Totals), bencode.Options{})
		require.NoError(t, err)
		life := bencode.NewNode(v)
		require.NoError(t, life.Set(key, bencode.NewList(bencode.NewDict(nil))))
		require.ErrorAs(t, set("life", life), new(*DamageError), key)
	}
}

// The power fails at every step of a save. Whatever has reached the disk, it holds the
// old record or the new one.
func TestSaveSurvivesPowerCuts(t *testing.T) {
	before, after := full(), full()
	after.State = Clean
	after.Totals.Uploaded++
	for _, first := range []bool{true, false} {
		saved := false
		for at := 1; !saved; at++ {
			d := newSimDisk()
			if !first {
				require.NoError(t, save(d, "dir/record", before))
			}
			d.failAt, d.crash = d.step+at, true
			saved = save(d, "dir/record", after) == nil
			for _, w := range d.afterPowerCut() {
				got, err := load(w, "dir/record")
				if saved {
					require.NoError(t, err)
					require.Equal(t, after, got)
					continue
				}
				if first && errors.Is(err, fs.ErrNotExist) {
					continue
				}
				require.NoError(t, err, "step %d", at)
				if got.State == Clean {
					require.Equal(t, after, got)
				} else {
					require.False(t, first)
					require.Equal(t, before, got)
				}
				// The next save succeeds.
				require.NoError(t, save(w, "dir/record", after))
			}
		}
	}
}

// A step that fails without a crash also leaves a complete record.
func TestSaveFails(t *testing.T) {
	before, after := full(), full()
	after.State = Clean
	for at := 1; ; at++ {
		d := newSimDisk()
		require.NoError(t, save(d, "dir/record", before))
		d.failAt = d.step + at
		err := save(d, "dir/record", after)
		if err == nil {
			require.Greater(t, at, 6)
			return
		}
		require.ErrorIs(t, err, errFault)
		require.Contains(t, err.Error(), "resume: ")
		_, err = load(d, "dir/record")
		require.NoError(t, err)
		require.NoError(t, save(d, "dir/record", after))
		got, err := load(d, "dir/record")
		require.NoError(t, err)
		require.Equal(t, after, got)
	}
}
