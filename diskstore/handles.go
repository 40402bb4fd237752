package diskstore

import "sync"

// defaultHandles is half of 256, the lowest default limit of descriptors of any
// system. The other half is left for sockets.
const defaultHandles = 128

// Handles bounds how many files and folders are open at once in all stores that
// share it. It closes the least recently used ones first, and never one that a call
// uses. If all are in use, a call waits. Each call on a store uses at most one file
// and one folder, and Sync 8 of each, so a hanging disk delays other stores only if about
// limit/2 calls hang; a store on such a disk can have Handles of its own.
//
// If the system has no free descriptor, Handles closes idle ones and retries the
// call. Its methods may be called concurrently.
type Handles struct {
	mu          sync.Mutex // guards the fields below and every handle
	cond        sync.Cond  // signals that a handle was released, opened or closed
	waiters     int        // goroutines that wait for cond
	limit       int
	open        int    // handles that are open, being opened or being closed
	uses        int    // by calls, of all handles
	waitingUses int    // of uses, those by calls that wait in waitForDescriptor
	idle        handle // head of a ring of handles that are open and unused, the last used one first
}

// NewHandles returns a Handles that keeps at most limit files and folders open. Zero
// means 128; the minimum is 2, for a folder and a file in it.
func NewHandles(limit int) *Handles {
	if limit == 0 {
		limit = defaultHandles
	}
	h := &Handles{limit: max(limit, 2)}
	h.cond.L = &h.mu
	h.idle.next, h.idle.prev = &h.idle, &h.idle
	return h
}

// Open returns the number of files and folders that are open, being opened or being
// closed.
func (h *Handles) Open() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.open
}

// A handle is a file or a folder that may be open. It is a field of its owner, so
// that finding it costs nothing. Handles.mu guards it, but callers counted in refs may
// read file and folder without the lock.
type handle struct {
	next, prev    *handle // in the ring of idle ones, else nil
	file          File
	folder        Folder
	refs          int  // calls that use it
	opening       bool // someone opens it
	closeWhenIdle bool // the last user closes it
}

func (x *handle) isOpen() bool { return x.file != nil || x.folder != nil }

// usable reports whether x is open and stays so for one more user.
func (x *handle) usable() bool { return x.isOpen() && !x.closeWhenIdle }

// acquire counts one more user of the first of xs that is open and returns it; nil if
// none is open.
func (h *Handles) acquire(xs ...*handle) *handle {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, x := range xs {
		if x.usable() {
			h.acquireLocked(x)
			return x
		}
	}
	return nil
}

// acquireLocked counts one more user of x, which is open.
func (h *Handles) acquireLocked(x *handle) {
	h.uses++
	if x.refs == 0 {
		x.next.prev, x.prev.next = x.prev, x.next
		x.next, x.prev = nil, nil
	}
	x.refs++
}

// release ends one use of x.
func (h *Handles) release(x *handle) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.uses--
	x.refs--
	if x.refs == 0 {
		h.addIdle(x)
		if x.closeWhenIdle {
			h.close(x)
			x.closeWhenIdle = false
		}
	}
	h.wake()
}

// addIdle puts x, which nobody uses, first into the ring of idle handles.
func (h *Handles) addIdle(x *handle) {
	x.next, x.prev = h.idle.next, &h.idle
	x.next.prev, x.prev.next = x, x
}

// beginOpen counts one more user of x if it is open, and reports that. Otherwise it
// reserves a slot, and the caller must open x and then call finishOpen. If x is a
// file, the caller opens its folder first: haveFolder says that the folder is open
// and counts the caller as a user; otherwise a slot is reserved for it too.
//
// A caller that opens x has its slots already, because others that wait for x may hold
// slots.
func (h *Handles) beginOpen(x, folder *handle) (open, haveFolder bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for {
		switch {
		case x.opening || x.closeWhenIdle:
			h.wait()
		case x.isOpen():
			h.acquireLocked(x)
			return true, false
		case h.takeSlots(folder):
			x.opening = true
			return false, h.acquireFolder(folder)
		case !h.evict():
			h.wait()
		}
	}
}

// reserve reserves slots for a file and its folder, as beginOpen does.
func (h *Handles) reserve(folder *handle) (haveFolder bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for !h.takeSlots(folder) {
		if !h.evict() {
			h.wait()
		}
	}
	return h.acquireFolder(folder)
}

// freeSlots returns reserved slots.
func (h *Handles) freeSlots(slots int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.open -= slots
	h.wake()
}

// takeSlots reserves a slot, and a second one if folder is neither nil nor open. It
// reports false if fewer are free. A caller that waits for slots must use no handle and hold
// no slot, because callers would otherwise wait for each other.
func (h *Handles) takeSlots(folder *handle) bool {
	slots := 1
	if folder != nil && !folder.usable() {
		slots = 2
	}
	if h.open+slots > h.limit {
		return false
	}
	h.open += slots
	return true
}

// acquireFolder counts one more user of folder, if it is neither nil nor closed.
func (h *Handles) acquireFolder(folder *handle) (haveFolder bool) {
	if folder == nil || !folder.usable() {
		return false
	}
	h.acquireLocked(folder)
	return true
}

// beginOpenReserved is beginOpen for a caller that has already reserved a slot for x.
// It never waits for a slot. If x is open it returns the slot.
func (h *Handles) beginOpenReserved(x *handle) (open bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.acquireOrClaim(x) {
		h.open--
		h.wake()
		return true
	}
	return false
}

// acquireOrClaim counts one more user of x if it is open. Otherwise it makes the
// caller, which has a slot for x, the one that opens x.
func (h *Handles) acquireOrClaim(x *handle) (open bool) {
	for x.opening || x.closeWhenIdle {
		h.wait()
	}
	if x.isOpen() {
		h.acquireLocked(x)
		return true
	}
	x.opening = true
	return false
}

// finishOpen ends the opening of x with the opened file or folder, which the caller
// then uses. If both are nil, opening failed and the slot is free again.
func (h *Handles) finishOpen(x *handle, file File, folder Folder) {
	h.mu.Lock()
	defer h.mu.Unlock()
	x.file, x.folder, x.opening = file, folder, false
	if x.isOpen() {
		x.refs = 1
		h.uses++
	} else {
		h.open--
	}
	h.wake()
}

// keepOpen makes file, which the caller opened in its slot, the idle open file of x,
// and gives the caller another slot. It reports false if x is already open.
func (h *Handles) keepOpen(x *handle, file File) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if x.opening || x.isOpen() {
		return false
	}
	x.file = file
	h.addIdle(x)
	for h.open >= h.limit && h.evict() {
	}
	h.open++
	h.wake()
	return true
}

// drop closes each of xs as soon as nobody uses it. Later calls open it again.
func (h *Handles) drop(xs ...*handle) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, x := range xs {
		for x.opening || x.closeWhenIdle {
			h.wait()
		}
		if !x.isOpen() {
			continue
		}
		if x.refs == 0 {
			h.close(x)
			continue
		}
		x.closeWhenIdle = true
	}
}

// evict closes the least recently used idle handle. It reports false if none is idle.
func (h *Handles) evict() bool {
	x := h.idle.prev
	if x == &h.idle {
		return false
	}
	h.close(x)
	return true
}

// close closes x, which is idle. It unlocks mu while it does, because closing can
// take long on a network file system. The slot is free only afterwards.
func (h *Handles) close(x *handle) {
	x.next.prev, x.prev.next = x.prev, x.next
	x.next, x.prev = nil, nil
	file, folder := x.file, x.folder
	x.file, x.folder = nil, nil
	h.mu.Unlock()
	// The error is ignored, because a failed write also fails the next Sync.
	if file != nil {
		_ = file.Close()
	} else {
		_ = folder.Close()
	}
	h.mu.Lock()
	h.open--
	h.wake()
}

func (h *Handles) wait() {
	h.waiters++
	h.cond.Wait()
	h.waiters--
}

func (h *Handles) wake() {
	if h.waiters > 0 {
		h.cond.Broadcast()
	}
}
