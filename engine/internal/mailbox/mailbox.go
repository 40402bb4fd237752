// Package mailbox holds what waits for a torrent's turn, and counts the goroutines that
// may still post to it.
//
// In come items of a type T and the tasks that begin and end; out go batches of items,
// to the turn of a [Runner]. What an item is, the package does not know.
//
// # Concurrency
//
// All methods but Init may be called from many goroutines. The turn runs on a goroutine
// of its own while the mailbox holds something, at most one at a time, so a mailbox
// without items costs none.
package mailbox

import (
	"context"
	"sync"
)

// fewItems is the number of items for which a Mailbox keeps memory while it is empty.
const fewItems = 1024

// A Runner is the torrent that a mailbox is of.
type Runner[T any] interface {
	// Turn takes in a batch of items, which is its own until it returns. idle says
	// that the mailbox may release its memory. Two calls never overlap.
	Turn(batch []T) (idle bool)
}

// A Mailbox is the items and the tasks of one torrent. It must not be copied.
type Mailbox[T any, R Runner[T]] struct {
	runner R

	// tasks counts the turn and all goroutines that may post. It grows only inside a
	// turn, by another task, or under mu while the mailbox is not closing.
	tasks sync.WaitGroup

	mu      sync.Mutex
	running bool      // a turn is under way
	closing bool      // Close was called
	ctx     *closeCtx // nil until somebody asks for it
	items   *items[T] // nil while the torrent is idle
}

// items are what a mailbox holds. The memory of both slices is used again.
type items[T any] struct {
	waiting []T
	batch   []T // of the turn, which alone uses it
}

// closeCtx is a context that ends when Close is called.
type closeCtx struct {
	context.Context
	cancel context.CancelFunc
}

// Init says whose mailbox it is. It must be the first call.
func (m *Mailbox[T, R]) Init(runner R) { m.runner = runner }

// Post adds an item. The caller is a task.
func (m *Mailbox[T, R]) Post(item T) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.post(item)
}

// TryPost is Post for callers that are no task. It reports false after Close.
func (m *Mailbox[T, R]) TryPost(item T) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closing {
		return false
	}
	m.post(item)
	return true
}

// post adds an item, and begins a turn if none is under way.
func (m *Mailbox[T, R]) post(item T) {
	if m.items == nil {
		m.items = new(items[T])
	}
	m.items.waiting = append(m.items.waiting, item)
	if !m.running {
		m.running = true
		m.tasks.Add(1)
		go m.run()
	}
}

// run gives batches to the Runner until there are no items.
func (m *Mailbox[T, R]) run() {
	defer m.tasks.Done()
	for idle := false; m.next(idle); idle = m.runner.Turn(m.items.batch) {
	}
}

// next makes the items that wait the batch, and reports whether there are any.
func (m *Mailbox[T, R]) next(idle bool) bool {
	clear(m.items.batch)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.items.batch, m.items.waiting = m.items.waiting, m.items.batch[:0]
	if len(m.items.batch) > 0 {
		return true
	}
	if idle || cap(m.items.batch)+cap(m.items.waiting) > fewItems {
		m.items = nil
	}
	m.running = false
	return false
}

// BeginTask makes the caller a task, which ends with EndTask. It reports false after
// Close.
func (m *Mailbox[T, R]) BeginTask() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closing {
		return false
	}
	m.tasks.Add(1)
	return true
}

// AddTask is BeginTask for callers that are in a turn or a task already: it works after
// Close as well.
func (m *Mailbox[T, R]) AddTask() { m.tasks.Add(1) }

// EndTask ends a task.
func (m *Mailbox[T, R]) EndTask() { m.tasks.Done() }

// Context returns a context that ends when Close is called.
func (m *Mailbox[T, R]) Context() context.Context {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.ctx == nil {
		m.ctx = new(closeCtx)
		m.ctx.Context, m.ctx.cancel = context.WithCancel(context.Background())
		if m.closing {
			m.ctx.cancel()
		}
	}
	return m.ctx
}

// Closing reports whether Close was called.
func (m *Mailbox[T, R]) Closing() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.closing
}

// Close adds the last items from outside. From then on only tasks may post. It must be
// called once.
func (m *Mailbox[T, R]) Close(last ...T) {
	m.mu.Lock()
	m.closing = true
	for _, item := range last {
		m.post(item)
	}
	ctx := m.ctx
	m.mu.Unlock()
	if ctx != nil {
		ctx.cancel()
	}
}

// Wait waits until no task is left: after Close nothing runs any more.
func (m *Mailbox[T, R]) Wait() { m.tasks.Wait() }
