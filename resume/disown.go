package resume

import "slices"

// Disown takes back paths that Own listed, because they are not ours any more. The next
// Flush or Close records that. It keeps no slice. It fits Options.Disown of package
// diskstore.
func (k *Keeper) Disown(paths []string) {
	gone := make(map[string]bool, len(paths))
	for _, name := range paths {
		gone[name] = true
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.closed {
		return
	}
	k.record.Owned = slices.DeleteFunc(k.record.Owned, func(name string) bool { return gone[name] })
	for _, name := range paths {
		delete(k.listedAhead, name)
	}
	k.dirty = true
}
