package diskstore

import "sync"

// defaultHandles leaves room for as many sockets under a limit of 256
// descriptors, the lowest that systems set by default.
const defaultHandles = 128

// Handles bounds how many files and folders are open at once, over all the
// stores that share it. What was not used for the longest time is closed first;
// nothing is closed under a call that uses it. If everything is in use, a call
// waits. A store uses at most one file and one folder for each call on it, so a
// disk that hangs holds up others only after that many calls; a store on such a
// disk can have Handles of its own.
//
// If the system has no descriptor left, idle ones are closed and the call is
// tried again. A Handles may be used by many goroutines at once.
type Handles struct {
	mu          sync.Mutex
	cond        sync.Cond // something was released, opened or closed
	waiters     int       // goroutines that wait for cond
	limit       int
	open        int    // handles that are open, being opened or being closed
	uses        int    // by calls, over all handles
	waitingUses int    // of those uses, by calls that wait in waitForDescriptor
	idle        handle // a ring of the others, the last used one first
}

// NewHandles returns a Handles that keeps at most limit files and folders open.
// Zero means 128; the least is 2, a folder and a file in it.
func NewHandles(limit int) *Handles {
	if limit == 0 {
		limit = defaultHandles
	}
	h := &Handles{limit: max(limit, 2)}
	h.cond.L = &h.mu
	h.idle.next, h.idle.prev = &h.idle, &h.idle
	return h
}

// Open returns the number of files and folders that are open now.
func (h *Handles) Open() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.open
}

// A handle is a file or a folder that may be open. It is embedded in what it
// belongs to, so that finding it costs nothing. Handles.mu guards it; file and
// folder may be read without by those who are counted in refs.
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

// acquire counts one more user of the first of xs that is open, and returns it; nil
// if none is.
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

// addIdle puts x, which nobody uses, at the head of the ring.
func (h *Handles) addIdle(x *handle) {
	x.next, x.prev = h.idle.next, &h.idle
	x.next.prev, x.prev.next = x, x
}

// beginOpen counts one more user of x if it is open, and says so. Otherwise the
// caller has to open it, for which a slot is set aside, and call finishOpen. If x is
// a file, the caller opens its folder first: haveFolder says that it is open and the
// caller counted as a user, else a slot is set aside for it as well.
func (h *Handles) beginOpen(x, folder *handle) (open, haveFolder bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.acquireOrClaim(x) {
		return true, false
	}
	return false, h.reserveLocked(folder)
}

// reserve sets slots aside for a file and its folder, as beginOpen does.
func (h *Handles) reserve(folder *handle) (haveFolder bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.reserveLocked(folder)
}

// freeSlots gives slots back.
func (h *Handles) freeSlots(slots int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.open -= slots
	h.wake()
}

// reserveLocked waits until there is a slot, and one for folder if that is neither nil
// nor open; then it takes the slots, or the slot and the folder. Who calls it
// uses no handle and has no slot, or callers would wait for each other.
func (h *Handles) reserveLocked(folder *handle) (haveFolder bool) {
	for {
		slots := 1
		if folder != nil && !folder.usable() {
			slots = 2
		}
		if h.open+slots <= h.limit {
			h.open += slots
			break
		}
		if !h.evict() {
			h.wait()
		}
	}
	if folder != nil && folder.usable() {
		h.acquireLocked(folder)
		return true
	}
	return false
}

// beginOpenReserved is begin for who has a slot set aside for x already. It never
// waits for a slot, so who holds one can call it. The slot is given back if x is
// open.
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

// acquireOrClaim counts one more user of x if it is open, or claims the opening of it.
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

// finishOpen ends the opening of x. Either it is open and in use by the caller, or
// its slot is free again.
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

// keepOpen makes file, which the caller opened in a slot that it has, the open file
// of x, used by nobody; the caller has another slot then. It reports false if x
// is open already.
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

// drop closes xs, each as soon as nobody uses it. A call that wants one of them
// then opens it again.
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

// evict closes the idle handle that was not used for the longest time.
func (h *Handles) evict() bool {
	x := h.idle.prev
	if x == &h.idle {
		return false
	}
	h.close(x)
	return true
}

// close closes x, which is idle. The lock is released meanwhile, since closing
// can take long on a network's file system; the slot is free only afterwards.
func (h *Handles) close(x *handle) {
	x.next.prev, x.prev.next = x.prev, x.next
	x.next, x.prev = nil, nil
	file, folder := x.file, x.folder
	x.file, x.folder = nil, nil
	h.mu.Unlock()
	// What was written is synced by who wrote it, so an error of close says
	// nothing that Sync will not say.
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
