package child

import "time"

// Figures are what a process took from one moment to another.
type Figures struct {
	Wall time.Duration
	CPU  time.Duration // of all its threads, in the kernel too; 0 where it is not known
	RSS  int64         // resident memory in bytes at the end; 0 where it is not known
	Peak int64         // the most of it since the process began
}

// A Mark is a moment in the life of a process.
type Mark struct {
	at   time.Time
	used usage
}

// usage is what a process took since it began.
type usage struct {
	cpu       time.Duration
	rss, peak int64
}

// Mark notes this moment.
func (p *Process) Mark() (Mark, error) {
	u, err := used(p.measured)
	return Mark{time.Now(), u}, err
}

// Since returns what the process took since a moment.
func (p *Process) Since(m Mark) (Figures, error) {
	wall := time.Since(m.at)
	u, err := used(p.measured)
	return Figures{Wall: wall, CPU: u.cpu - m.used.cpu, RSS: u.rss, Peak: u.peak}, err
}

// Of returns what a process took since it began, without Wall. Nothing is known of a
// process that has ended.
func Of(pid int) Figures {
	u, err := used(pid)
	if err != nil {
		return Figures{}
	}
	return Figures{CPU: u.cpu, RSS: u.rss, Peak: u.peak}
}
