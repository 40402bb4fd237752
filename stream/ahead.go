package stream

import "sync"

// ownAhead is the share of the budget from which on a Reader may choose for itself.
const ownAhead = 64 << 20

// A budget divides Config.Ahead among the readers that are open.
type budget struct {
	total int64 // negative for none

	mu   sync.Mutex       // guards what follows, and is held while SetAhead is called
	open map[*member]bool // the readers
}

// A member is a reader that takes part.
type member struct {
	reader Reader
	most   int64 // bytes that will be read at most
}

// add has a reader take part until it is removed. It will read at most the given number of bytes.
func (b *budget) add(r Reader, most int64) *member {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.open == nil {
		b.open = make(map[*member]bool)
	}
	m := &member{r, most}
	b.open[m] = true
	b.divide()
	return m
}

// remove ends the part of a reader, before it is closed.
func (b *budget) remove(m *member) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.open, m)
	b.divide()
}

// divide gives each reader its share. The caller holds the lock.
func (b *budget) divide() {
	for m := range b.open {
		m.reader.SetAhead(b.share(m.most))
	}
}

// share returns the argument for SetAhead of a reader.
func (b *budget) share(most int64) int64 {
	if b.total < 0 {
		return -1
	}
	share := b.total / int64(len(b.open))
	switch {
	case share >= ownAhead && most >= ownAhead:
		return 0
	case min(share, most) <= 0:
		return -1
	}
	return min(share, most)
}
