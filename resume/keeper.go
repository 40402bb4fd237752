package resume

import (
	"errors"
	"fmt"
	"io/fs"
	"sort"
	"sync"

	"github.com/shoal-bt/shoal/swarm"
)

// A Config is what a Keeper needs. Geometry, Files, Save and, if there are
// files, Stat must be set.
type Config struct {
	// Geometry and Files are the torrent's, as in the Probe that the record
	// was checked with.
	Geometry swarm.Geometry
	Files    []swarm.File

	// Sync returns once every byte written before the call is stable. Nil
	// means that the storage needs none.
	Sync func() error

	// Save makes a record stable, as Folder.Save does. Calls do not overlap.
	// Save must not keep the record's slices and maps.
	Save func(Record) error

	// Stat is as in Probe.
	Stat func(path string) (fs.FileInfo, error)

	// Ahead is how many of the files that follow in the torrent are listed
	// as ours along with one, if they do not exist, so that many small files
	// do not take a save each. Zero means 256, a negative number none.
	Ahead int
}

// A Keeper keeps the record of a torrent that runs. Its methods may be called
// from many goroutines at once. Wrote, Spilled, Lost and Update do no I/O.
type Keeper struct {
	config    Config
	files     []swarm.File   // on disk, in the order of record.Files
	fileIndex map[string]int // of files, by path

	flushing sync.Mutex // held while storage is synced
	saving   sync.Mutex // held while a record is composed and saved

	mu          sync.Mutex // guards what follows; never held during I/O
	record      Record     // without pieces and spilled blocks
	synced      holdings   // synced: in every record saved
	syncing     holdings   // written before the Sync under way began
	unsynced    holdings   // written since
	touched     map[int]bool
	listedAhead map[string]bool // listed as ours, but the store did not ask yet
	dirty       bool            // the record on disk says something else
	ownedSaved  bool            // what is in record.Owned is on disk
	syncFailed  bool            // a Sync failed: what it covered may be lost
	closed      bool
}

// OpenKeeper goes on with the record of a Verdict. It saves the record as open,
// before anything is written; but a clean one of a whole torrent stays as it
// is until then.
func OpenKeeper(r Record, c Config) (*Keeper, error) {
	if err := r.validate(); err != nil {
		return nil, fmt.Errorf("resume: %w", err)
	}
	files := onDisk(c.Files)
	if r.Length != c.Geometry.Length || r.PieceLength != c.Geometry.PieceLength || len(r.Files) != len(files) {
		return nil, errors.New("resume: the record is of another torrent")
	}
	if c.Ahead == 0 {
		c.Ahead = 256
	}
	n := r.pieces()
	k := &Keeper{
		config:      c,
		files:       files,
		fileIndex:   make(map[string]int, len(files)),
		record:      r.clone(),
		synced:      newHoldings(n),
		syncing:     newHoldings(n),
		unsynced:    newHoldings(n),
		touched:     make(map[int]bool),
		listedAhead: make(map[string]bool),
		ownedSaved:  true,
	}
	for i, f := range files {
		k.fileIndex[f.Path] = i
	}
	k.synced.merge(holdings{pieces: r.Pieces})
	for _, s := range r.Spilled {
		for _, b := range s.Blocks {
			k.synced.spill(s.Piece, b)
		}
	}
	if r.State == Clean && k.synced.pieces.Count() == n && len(r.Spilled) == 0 {
		return k, nil
	}
	k.record.State = Open
	k.dirty = true
	if err := k.save(); err != nil {
		return nil, err
	}
	return k, nil
}

// Wrote says that a piece was checked and written to the storage, or found
// there. It is recorded after a Sync that begins after this call.
func (k *Keeper) Wrote(piece int) {
	k.changePiece(piece, func() {
		k.unsynced.add(piece)
		k.touch(piece)
	})
}

// Spilled says that blocks of a piece, counted from zero within it, were
// written to the storage unchecked.
func (k *Keeper) Spilled(piece int, blocks ...int) {
	k.changePiece(piece, func() {
		for _, b := range blocks {
			if b >= 0 && b < k.config.Geometry.BlockCount(piece) && !k.unsynced.pieces.Has(piece) {
				k.unsynced.spill(piece, b)
				k.touch(piece)
			}
		}
	})
}

// Lost says that a piece, or blocks spilled of it, are not in the storage after
// all: it failed its check, or could not be read.
func (k *Keeper) Lost(piece int) {
	k.changePiece(piece, func() {
		k.synced.drop(piece)
		k.syncing.drop(piece)
		k.unsynced.drop(piece)
	})
}

// changePiece makes a change that concerns a piece of the torrent.
func (k *Keeper) changePiece(piece int, change func()) {
	if piece < 0 || piece >= k.config.Geometry.Pieces() {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.closed {
		return
	}
	k.record.State = Open
	k.dirty = true
	change()
}

// touch notes that the files of a piece were written to. Called with mu held.
func (k *Keeper) touch(piece int) {
	start := int64(piece) * k.config.Geometry.PieceLength
	end := min(start+k.config.Geometry.PieceLength, k.config.Geometry.Length)
	i := sort.Search(len(k.files), func(i int) bool { return k.files[i].Offset+k.files[i].Length > start })
	for ; i < len(k.files) && k.files[i].Offset < end; i++ {
		if k.files[i].Length > 0 {
			k.touched[i] = true
		}
	}
}

// Update changes what the record says of the torrent's Totals. The change must
// not call the Keeper, and replaces slices and maps rather than writing to
// them. It is saved by the next Flush.
func (k *Keeper) Update(change func(*Totals)) {
	k.mu.Lock()
	defer k.mu.Unlock()
	change(&k.record.Totals)
	k.dirty = true
}

// Record returns the record as it would be saved now.
func (k *Keeper) Record() Record {
	k.mu.Lock()
	defer k.mu.Unlock()
	r := k.record.clone()
	r.Pieces = k.synced.pieces.Clone()
	r.Spilled = k.synced.spilled()
	return r
}

// save saves the record, if it says something new.
func (k *Keeper) save() error {
	k.saving.Lock()
	defer k.saving.Unlock()
	return k.saveLocked()
}

// saveLocked is save for who holds saving. A record is composed under that
// lock, so that none replaces a newer one.
func (k *Keeper) saveLocked() error {
	k.mu.Lock()
	dirty := k.dirty
	k.dirty = false
	k.mu.Unlock()
	if !dirty {
		return nil
	}
	err := k.config.Save(k.Record())
	k.mu.Lock()
	defer k.mu.Unlock()
	if err != nil {
		k.dirty = true
		return err
	}
	k.ownedSaved = true
	return nil
}
