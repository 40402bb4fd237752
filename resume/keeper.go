package resume

import (
	"errors"
	"fmt"
	"io/fs"
	"sort"
	"sync"

	"github.com/shoal-bt/shoal/swarm"
)

// A Config configures a Keeper. Geometry and Save must be set, and also Stat if there
// are Files.
type Config struct {
	// Geometry and Files are the torrent's, as in the Probe that the record
	// was checked with.
	Geometry swarm.Geometry
	Files    []swarm.File

	// Sync returns once every byte written to the storage before the call is
	// stable. Nil means that the storage needs no Sync.
	Sync func() error

	// Save saves a record durably, as Folder.Save does. Calls do not overlap.
	// Save must not keep the record's slices and maps.
	Save func(Record) error

	// Stat is as in Probe.
	Stat func(path string) (fs.FileInfo, error)

	// Claims returns what Own will get in addition to a file's path and its
	// folders, such as its name while it is incomplete. It fits Names.Claims of package
	// diskstore. Nil means nothing.
	Claims func(path string) []string

	// Part returns the path of the part file, or nothing if there is none, and the paths
	// of the files that have bytes in it. These need not exist. Nil means that there is
	// never a part file.
	Part func() (path string, files []string)

	// Wanted reports whether the file at a path is wanted. One that is not is not listed
	// as ours ahead. Nil means that all are wanted.
	Wanted func(path string) bool

	// Ahead is the number of following files to list as ours together with a
	// file that is about to be made, if they do not exist. It saves one Save
	// for each small file, and a Save takes longer the more Files there are. Zero means 256,
	// or a 32nd of Files if that is more; a negative number means none.
	Ahead int
}

// A Keeper updates the record of a running torrent. Its methods may be called
// concurrently. Wrote, Spilled, Lost, Update and Record do no I/O.
type Keeper struct {
	config    Config
	files     []swarm.File   // on disk, in the order of record.Files
	fileIndex map[string]int // of files, by path

	// The locks are taken in this order.
	flushing sync.Mutex // held while the storage is synced
	saving   sync.Mutex // held while a record is composed and saved

	mu          sync.Mutex      // guards the fields below; never held during I/O
	record      Record          // without pieces and spilled blocks
	synced      holdings        // covered by a Sync, so the next record has them
	syncing     holdings        // written before the current Sync began
	unsynced    holdings        // written since
	touched     map[int]bool    // indexes of files written to since they were examined
	listedAhead map[string]bool // listed as ours, but the store has not made them yet
	dirty       bool            // the record differs from that on disk
	ownedSaved  bool            // record.Owned is on disk
	syncFailed  bool            // a Sync failed, so what it covered may be lost
	closed      bool
}

// OpenKeeper continues with the record of a Verdict, which it copies. It saves the
// record as open before anything is written. A clean record of a complete torrent
// stays clean until the first change.
func OpenKeeper(r Record, c Config) (*Keeper, error) {
	if err := r.validate(); err != nil {
		return nil, fmt.Errorf("resume: %w", err)
	}
	files := onDisk(c.Files)
	if r.Length != c.Geometry.Length || r.PieceLength != c.Geometry.PieceLength || len(r.Files) != len(files) {
		return nil, errors.New("resume: the record belongs to another torrent")
	}
	if c.Ahead == 0 {
		c.Ahead = max(256, len(c.Files)/32)
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

// Wrote says that a piece was verified and written to the storage, or verified in
// the storage. The next Flush that begins after this call records it.
func (k *Keeper) Wrote(piece int) {
	k.changePiece(piece, func() {
		k.unsynced.add(piece)
		k.touch(piece)
	})
}

// Spilled says that blocks of a piece were written to the storage before the piece
// was verified. Blocks are counted from zero within the piece.
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

// Lost says that a piece and its spilled blocks are not in the storage after all,
// because the piece failed its check or could not be read.
func (k *Keeper) Lost(piece int) {
	k.changePiece(piece, func() {
		k.synced.drop(piece)
		k.syncing.drop(piece)
		k.unsynced.drop(piece)
	})
}

// changePiece calls change with mu held and marks the record as open. It ignores
// pieces that are not in the torrent.
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

// touch marks the files of a piece as written to. The caller holds mu.
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

// Update calls change with the record's Totals. The function must not call the
// Keeper, and must replace slices and maps instead of writing to them. The next Flush
// saves the result.
func (k *Keeper) Update(change func(*Totals)) {
	k.mu.Lock()
	defer k.mu.Unlock()
	change(&k.record.Totals)
	k.dirty = true
}

// Record returns the record as it would be saved now. The caller owns its slices, but
// must not write to the slices and maps of Totals.
func (k *Keeper) Record() Record {
	k.mu.Lock()
	defer k.mu.Unlock()
	r := k.record.clone()
	r.Pieces = k.synced.pieces.Clone()
	r.Spilled = k.synced.spilled()
	return r
}

// save saves the record if it changed.
func (k *Keeper) save() error {
	k.saving.Lock()
	defer k.saving.Unlock()
	return k.saveLocked()
}

// saveLocked is save for a caller that holds saving. The record is composed under
// that lock too, so that it never replaces a newer one.
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
