package main

import (
	"fmt"
	"sync"
	"time"

	"github.com/shoal-bt/shoal/cmd/shoal/internal/progress"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/quantity"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/terminal"
)

// Times between two drawings on a terminal, two lines without one, and two objects.
const (
	drawEvery   = 100 * time.Millisecond
	lineEvery   = 10 * time.Second
	objectEvery = time.Second
)

// A meter shows how far one task is whose length is known. Its methods may be
// called from many goroutines at once.
type meter struct {
	c    *console
	task string // such as "hashing film.mkv"

	mu      sync.Mutex
	start   time.Time
	shownAt time.Time
}

// newMeter starts a task.
func newMeter(c *console, task string) *meter {
	now := time.Now()
	return &meter{c: c, task: task, start: now, shownAt: now}
}

// stepJSON is the JSON object of a meter.
type stepJSON struct {
	Event string `json:"event"` // "step"
	Task  string `json:"task"`
	Done  int64  `json:"done"`  // bytes
	Total int64  `json:"total"` // bytes
}

// set says how many bytes are done.
func (m *meter) set(done, total int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	every := lineEvery
	switch {
	case m.c.json:
		every = objectEvery
	case m.c.live:
		every = drawEvery
	}
	now := time.Now()
	if now.Sub(m.shownAt) < every {
		return
	}
	m.shownAt = now
	m.c.emit(stepJSON{"step", m.task, done, total})
	share := float64(done) / float64(max(total, 1))
	passed := now.Sub(m.start)
	fields := []string{m.task, quantity.Percent(share), quantity.Speed(done, passed)}
	if share > 0 && share < 1 {
		fields = append(fields, "ETA "+quantity.Clock(time.Duration(float64(passed)*(1/share-1))))
	}
	if !m.c.live {
		m.c.say("%s", progress.Fitting(fields, 1<<10))
		return
	}
	columns, _ := m.c.screen.Size()
	fields[0] = terminal.Shorten(m.task, max(columns-20, 10))
	m.c.draw(progress.Fitting(fields, columns-1), m.c.style.Bar(share, min(columns-1, 60)))
}

// end takes the meter off the terminal, and returns how long the task took.
func (m *meter) end() time.Duration {
	m.c.screen.Clear()
	return time.Since(m.start)
}

// done says what was done, and how fast.
func (m *meter) done(what string, n int64) {
	took := m.end()
	m.c.say("%s", fmt.Sprintf("%s: %s in %s, %s", what, quantity.Size(n), quantity.Duration(took), quantity.Speed(n, took)))
}
