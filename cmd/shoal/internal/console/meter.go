package console

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
	DrawEvery   = 100 * time.Millisecond
	LineEvery   = 10 * time.Second
	ObjectEvery = time.Second
)

// A Meter shows how far one task is whose length is known. Its methods may be
// called from many goroutines at once.
type Meter struct {
	c    *Console
	task string // such as "hashing film.mkv"

	mu      sync.Mutex
	start   time.Time
	shownAt time.Time
}

// NewMeter starts a task.
func NewMeter(c *Console, task string) *Meter {
	now := time.Now()
	return &Meter{c: c, task: task, start: now, shownAt: now}
}

// A Step is the JSON object of a meter.
type Step struct {
	Event string `json:"event"` // "step"
	Task  string `json:"task"`
	Done  int64  `json:"done"`  // bytes
	Total int64  `json:"total"` // bytes
}

// Set says how many bytes are done.
func (m *Meter) Set(done, total int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	every := LineEvery
	switch {
	case m.c.IsJSON:
		every = ObjectEvery
	case m.c.IsLive:
		every = DrawEvery
	}
	now := time.Now()
	if now.Sub(m.shownAt) < every {
		return
	}
	m.shownAt = now
	m.c.Emit(Step{"step", m.task, done, total})
	share := float64(done) / float64(max(total, 1))
	passed := now.Sub(m.start)
	fields := []string{m.task, quantity.Percent(share), quantity.Speed(done, passed)}
	if share > 0 && share < 1 {
		fields = append(fields, "ETA "+quantity.Clock(time.Duration(float64(passed)*(1/share-1))))
	}
	if !m.c.IsLive {
		m.c.Say("%s", progress.Fitting(fields, 1<<10))
		return
	}
	columns, _ := m.c.Screen.Size()
	fields[0] = terminal.Shorten(m.task, max(columns-20, 10))
	m.c.Draw(progress.Fitting(fields, columns-1), m.c.Style.Bar(share, min(columns-1, 60)))
}

// End takes the meter off the terminal, and returns how long the task took.
func (m *Meter) End() time.Duration {
	m.c.Screen.Clear()
	return time.Since(m.start)
}

// Done says what was done, and how fast.
func (m *Meter) Done(what string, n int64) {
	took := m.End()
	m.c.Say("%s", fmt.Sprintf("%s: %s in %s, %s", what, quantity.Size(n), quantity.Duration(took), quantity.Speed(n, took)))
}
