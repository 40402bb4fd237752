package resume

import (
	"fmt"
	"io/fs"
	"slices"
)

// Flush records what was written before the call: it looks at the files, has
// the storage synced, and saves. It does nothing if there is nothing new.
//
// An error of Sync leaves in doubt what was written since the last one, so that
// is never recorded. A file that was written to and is not there any more is an
// error too; after that, and any other, the next Flush does what this one left.
func (k *Keeper) Flush() error {
	k.flushing.Lock()
	defer k.flushing.Unlock()
	k.mu.Lock()
	if k.closed {
		k.mu.Unlock()
		return fmt.Errorf("resume: the keeper: %w", fs.ErrClosed)
	}
	written := !k.unsynced.empty()
	k.syncing, k.unsynced = k.unsynced, newHoldings(k.record.pieces())
	touched := make([]int, 0, len(k.touched))
	for i := range k.touched {
		touched = append(touched, i)
	}
	k.mu.Unlock()

	// Before the Sync: a time seen after it might not outlast a power cut,
	// and the file would seem set back.
	seen, err := k.statFiles(touched)
	if err != nil {
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
	k.recordSynced(seen)
	k.mu.Unlock()
	return k.save()
}

// statFiles describes files by their number.
func (k *Keeper) statFiles(files []int) (map[int]File, error) {
	seen := make(map[int]File, len(files))
	for _, i := range files {
		f, err := stat(k.config.Stat, k.files[i].Path, k.files[i].Length)
		if err != nil {
			return nil, err
		}
		seen[i] = f
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	for i, f := range seen {
		if f.Size == Absent && (k.touched[i] || k.record.Files[i].Size != Absent) {
			return nil, fmt.Errorf("resume: %s: %w", f.Path, fs.ErrNotExist)
		}
	}
	return seen, nil
}

// recordSynced makes what was synced part of the record. Pieces that were lost
// meanwhile are no longer in syncing. Called with mu held.
func (k *Keeper) recordSynced(seen map[int]File) {
	if !k.syncing.empty() {
		k.dirty = true
	}
	k.synced.merge(k.syncing)
	k.syncing = newHoldings(k.record.pieces())
	for i, f := range seen {
		k.record.Files[i] = f
		delete(k.touched, i) // a write since then is noted after it, and Close looks at all
	}
}

// restoreUnsynced leaves what was to be synced for the next time.
func (k *Keeper) restoreUnsynced() {
	k.mu.Lock()
	defer k.mu.Unlock()
	newer := k.unsynced
	k.unsynced = k.syncing
	k.unsynced.merge(newer)
	k.syncing = newHoldings(k.record.pieces())
}

// dropUnsynced forgets what a failed Sync covered, or may have: the system reports
// such an error once, and holds the bytes for written afterwards.
func (k *Keeper) dropUnsynced() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.syncing = newHoldings(k.record.pieces())
	k.unsynced = newHoldings(k.record.pieces())
	k.syncFailed = true
}

// Close saves the record for the last time. Call it after the storage was
// synced and closed, with the error of that. With nil, everything that was
// written is recorded and the record is clean; otherwise it stays open, without
// what was written since the last Flush. The Keeper takes nothing after Close.
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
	seen, lookErr := k.statFiles(all)
	k.mu.Lock()
	if lookErr == nil && clean {
		k.syncing, k.unsynced = k.unsynced, newHoldings(k.record.pieces())
		k.recordSynced(seen)
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
