package resume

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"slices"
)

// Flush records the pieces that were written before the call. It examines the files,
// syncs the storage and saves the record. It does nothing if there is nothing new.
// It may be called concurrently, but then one call waits for the other.
//
// If Sync fails, the pieces written since the last successful Sync may be lost, so
// they are never recorded. It is also an error if a file that was written to is
// missing; the storage is synced then too, so that it stops writing to what is gone.
// After any other error than that of Sync, the next Flush tries again.
func (k *Keeper) Flush() error {
	k.flushing.Lock()
	defer k.flushing.Unlock()
	k.mu.Lock()
	if k.closed {
		k.mu.Unlock()
		return fmt.Errorf("resume: flush: the keeper: %w", fs.ErrClosed)
	}
	written := !k.unsynced.empty()
	k.syncing, k.unsynced = k.unsynced, newHoldings(k.record.pieces())
	touched := make([]int, 0, len(k.touched))
	for i := range k.touched {
		touched = append(touched, i)
	}
	k.mu.Unlock()

	part, err := k.statPart()
	if err != nil {
		k.restoreUnsynced()
		return err
	}
	touched = append(touched, k.leftPart(part)...)
	// The files are examined before the Sync. A modification time seen after
	// it might not survive a power cut, and would then seem to go back.
	seen, err := k.statFiles(touched, part)
	if err != nil {
		// By the Sync a storage notices that a file is gone.
		if written && k.config.Sync != nil && errors.Is(err, fs.ErrNotExist) {
			if syncErr := k.config.Sync(); syncErr != nil {
				k.dropUnsynced()
				return syncErr
			}
		}
		k.restoreUnsynced()
		return err
	}
	if written && k.config.Sync != nil {
		if err := k.config.Sync(); err != nil {
			k.dropUnsynced()
			return err
		}
	}
	k.mu.Lock()
	k.recordSynced(seen, part)
	k.disownUnwanted()
	k.mu.Unlock()
	return k.save()
}

// statPart describes the part file, and which files have bytes in it.
func (k *Keeper) statPart() (Part, error) {
	if k.config.Part == nil {
		return Part{}, nil
	}
	path, files := k.config.Part()
	p := Part{Path: path}
	for _, name := range files {
		if i, ok := k.fileIndex[name]; ok {
			p.Files = append(p.Files, i)
		}
	}
	slices.Sort(p.Files)
	return p.now(k.config.Stat)
}

// leftPart returns the indexes of the files that had bytes in the part file when the record
// was made, and do not any more. These exist now, or are gone.
func (k *Keeper) leftPart(now Part) []int {
	k.mu.Lock()
	defer k.mu.Unlock()
	var left []int
	for _, i := range k.record.Part.Files {
		if !now.has(i) {
			left = append(left, i)
		}
	}
	return left
}

// statFiles describes the files with the given indexes. A file that was written to or
// recorded must exist, or have its bytes in the part file.
func (k *Keeper) statFiles(files []int, part Part) (map[int]File, error) {
	seen := make(map[int]File, len(files))
	for _, i := range files {
		f, err := statFile(k.config.Stat, k.files[i].Path, k.files[i].Length)
		if err != nil {
			return nil, err
		}
		seen[i] = f
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	for i, f := range seen {
		if f.Size == Absent && !part.has(i) && (k.touched[i] || k.record.Files[i].Size != Absent) {
			return nil, fmt.Errorf("resume: %s: %w", f.Path, fs.ErrNotExist)
		}
	}
	return seen, nil
}

// recordSynced adds what was synced to the record. Pieces that were lost during the
// Sync are no longer in syncing. The caller holds mu.
func (k *Keeper) recordSynced(seen map[int]File, part Part) {
	if !part.equal(k.record.Part) {
		k.record.State, k.record.Part = Open, part
		k.dirty = true
	}
	if !k.syncing.empty() {
		k.dirty = true
	}
	k.synced.merge(k.syncing)
	k.syncing = newHoldings(k.record.pieces())
	for i, f := range seen {
		k.record.Files[i] = f
		delete(k.touched, i) // a write during the Sync touches it again later, and Close examines all files
	}
}

// restoreUnsynced moves what was to be synced back to unsynced, for the next Flush.
func (k *Keeper) restoreUnsynced() {
	k.mu.Lock()
	defer k.mu.Unlock()
	newer := k.unsynced
	k.unsynced = k.syncing
	k.unsynced.merge(newer)
	k.syncing = newHoldings(k.record.pieces())
}

// dropUnsynced forgets everything that a failed Sync may have covered. The system
// reports such an error only once and then treats the bytes as written.
func (k *Keeper) dropUnsynced() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.syncing = newHoldings(k.record.pieces())
	k.unsynced = newHoldings(k.record.pieces())
	k.syncFailed = true
}

// Close saves the record for the last time. Call it after the storage was synced and
// closed, with the error of doing so. If that is nil, everything written is recorded
// and the record becomes clean. Otherwise the record stays open and lacks what was
// written since the last Flush. After Close the Keeper ignores Wrote, Spilled and
// Lost. A second Close does nothing.
func (k *Keeper) Close(storage error) error {
	k.flushing.Lock()
	defer k.flushing.Unlock()
	k.mu.Lock()
	if k.closed {
		k.mu.Unlock()
		return nil
	}
	k.closed = true
	clean := storage == nil && !k.syncFailed
	unchanged := k.record.State == Clean && !k.dirty
	k.mu.Unlock()
	if unchanged {
		return nil
	}
	all := make([]int, len(k.files))
	for i := range all {
		all[i] = i
	}
	part, partErr := k.statPart()
	seen, lookErr := k.statFiles(all, part)
	lookErr = cmp.Or(partErr, lookErr)
	k.mu.Lock()
	if lookErr == nil && clean {
		k.syncing, k.unsynced = k.unsynced, newHoldings(k.record.pieces())
		k.recordSynced(seen, part)
		k.record.State = Clean
		k.record.Owned = slices.DeleteFunc(k.record.Owned, func(name string) bool { return k.listedAhead[name] })
	}
	k.dirty = true
	k.mu.Unlock()
	if err := k.save(); err != nil {
		return err
	}
	return lookErr
}
