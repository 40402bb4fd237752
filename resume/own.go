package resume

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
)

// Own lists paths that are about to be made as ours: files, symlinks, and folders with
// a trailing slash. It returns once a record on disk lists them. If it returns an
// error, the caller must not make them. It keeps no slice. It fits Options.Own of
// package diskstore.
func (k *Keeper) Own(paths []string) error {
	if known, err := k.alreadyOwned(paths); known || err != nil {
		return err
	}
	k.saving.Lock()
	defer k.saving.Unlock()
	// The previous holder of the lock may have listed them.
	if known, err := k.alreadyOwned(paths); known || err != nil {
		return err
	}
	k.mu.Lock()
	candidates := k.nextAbsent(paths)
	k.mu.Unlock()
	extra := k.missing(candidates)

	k.mu.Lock()
	for _, name := range extra {
		if !k.record.Owns(name) && !slices.Contains(paths, name) {
			k.listedAhead[name] = true
		}
	}
	k.record.Owned = slices.Concat(k.record.Owned, paths, extra)
	slices.Sort(k.record.Owned)
	k.record.Owned = slices.Compact(k.record.Owned)
	k.ownedSaved = false // until a save succeeds, also for calls after an error
	k.dirty = true
	k.mu.Unlock()
	return k.saveLocked()
}

// alreadyOwned reports whether the record on disk lists paths. It also notes that the
// store is about to make them.
func (k *Keeper) alreadyOwned(paths []string) (known bool, err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.closed {
		return false, fmt.Errorf("resume: own: the keeper: %w", fs.ErrClosed)
	}
	if k.record.State == Clean {
		k.record.State = Open
		k.dirty = true
	}
	known = k.ownedSaved
	for _, name := range paths {
		delete(k.listedAhead, name)
		known = known && k.record.Owns(name)
	}
	return known, nil
}

// nextAbsent returns the files to list together with paths: those after the last of
// them that were absent when last seen. The caller holds mu.
func (k *Keeper) nextAbsent(paths []string) []string {
	last := -1
	for _, name := range paths {
		if i, ok := k.fileIndex[name]; ok {
			last = max(last, i)
		}
	}
	if last < 0 || k.config.Ahead < 0 {
		return nil
	}
	var list []string
	for i := last + 1; i < len(k.files) && i <= last+k.config.Ahead; i++ {
		name := k.files[i].Path
		wanted := k.config.Wanted == nil || k.config.Wanted(name)
		if wanted && k.record.Files[i].Size == Absent && !k.record.Owns(name) {
			list = append(list, name)
		}
	}
	return list
}

// missing returns those of names that do not exist, and their missing folders. It
// leaves out names that it cannot examine; the store will ask for these itself.
func (k *Keeper) missing(names []string) []string {
	var list []string
	folders := make(map[string]bool) // whether one is missing
	for _, name := range names {
		if _, err := k.config.Stat(name); !errors.Is(err, fs.ErrNotExist) {
			continue
		}
		list = append(list, name)
		if k.config.Claims != nil {
			list = append(list, k.config.Claims(name)...)
		}
		for dir := path.Dir(name); dir != "."; dir = path.Dir(dir) {
			if _, seen := folders[dir]; seen {
				break
			}
			_, err := k.config.Stat(dir)
			folders[dir] = errors.Is(err, fs.ErrNotExist)
			if !folders[dir] {
				break
			}
			list = append(list, dir+"/")
		}
	}
	return list
}

// disownUnwanted takes back files that were listed ahead and are not wanted any more. So a
// file that somebody puts there is not taken for ours, not even after a crash. The caller
// holds mu.
func (k *Keeper) disownUnwanted() {
	if k.config.Wanted == nil || len(k.listedAhead) == 0 {
		return
	}
	before := len(k.listedAhead)
	unwanted := func(name string) bool {
		_, isFile := k.fileIndex[name]
		return k.listedAhead[name] && isFile && !k.config.Wanted(name)
	}
	k.record.Owned = slices.DeleteFunc(k.record.Owned, unwanted)
	maps.DeleteFunc(k.listedAhead, func(name string, _ bool) bool { return unwanted(name) })
	k.dirty = k.dirty || len(k.listedAhead) < before
}
