package child

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// patience is how long a process may take to end once its input has ended.
const patience = 15 * time.Second

// A Process is a program that runs. Its methods are for one goroutine.
type Process struct {
	name     string
	cmd      *exec.Cmd
	measured int // number of the process that Mark and Since measure
	in       io.WriteCloser
	lines    chan string
	log      tail
	once     sync.Once
	ended    error
}

// Start starts a program. It is killed when ctx is done. Stop is to be called in
// any case.
func Start(ctx context.Context, argv ...string) (*Process, error) {
	p := &Process{name: short(argv), cmd: exec.CommandContext(ctx, argv[0], argv[1:]...), lines: make(chan string, 64)}
	p.cmd.Stderr = &p.log
	in, err := p.cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	p.in = in
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	p.measured = p.cmd.Process.Pid
	go func() {
		defer close(p.lines)
		for s := bufio.NewScanner(out); s.Scan(); {
			p.lines <- s.Text()
		}
	}()
	return p, nil
}

// short returns the first words of a command, without folders.
func short(argv []string) string {
	var words []string
	for _, a := range argv[:min(len(argv), 3)] {
		words = append(words, filepath.Base(a))
	}
	return strings.Join(words, " ")
}

// Measure makes Mark and Since measure another process, one that this one started.
func (p *Process) Measure(pid int) { p.measured = pid }

// Say sends a line.
func (p *Process) Say(line string) error {
	_, err := fmt.Fprintln(p.in, line)
	return err
}

// Expect waits for a line that begins with a word, and returns the rest of it.
func (p *Process) Expect(ctx context.Context, word string) (string, error) {
	for {
		select {
		case line, ok := <-p.lines:
			if !ok {
				if err := p.Stop(); err != nil {
					return "", err
				}
				return "", fmt.Errorf("%s: ended before it said %q", p.name, word)
			}
			if rest, found := strings.CutPrefix(line, word); found {
				return strings.TrimSpace(rest), nil
			}
		case <-ctx.Done():
			return "", ctx.Err()
		}
	}
}

// Ready waits until the process is ready, and returns the text that it says.
func (p *Process) Ready(ctx context.Context) (string, error) { return p.Expect(ctx, "ready") }

// Run waits until the process is ready, lets it go, and returns what it took until
// it was done, and the text that it then said. The process is stopped.
func (p *Process) Run(ctx context.Context) (Figures, string, error) {
	if _, err := p.Ready(ctx); err != nil {
		return Figures{}, "", err
	}
	f, text, err := p.Go(ctx)
	if err == nil {
		err = p.Stop()
	}
	if err == nil && !counts {
		f = atExit(f, p.cmd.ProcessState)
	}
	return f, text, err
}

// Go lets a process that is ready go, and returns what it took until it was done.
// It goes on to live.
func (p *Process) Go(ctx context.Context) (Figures, string, error) {
	m, err := p.Mark()
	if err != nil {
		return Figures{}, "", err
	}
	if err := p.Say("go"); err != nil {
		return Figures{}, "", err
	}
	text, err := p.Expect(ctx, "done")
	if err != nil {
		return Figures{}, "", err
	}
	f, err := p.Since(m)
	return f, text, err
}

// Stop ends the input of the process, waits for its end, and kills it if that takes
// too long. It returns the same when called again.
func (p *Process) Stop() error {
	p.once.Do(func() {
		p.in.Close()
		kill := time.AfterFunc(patience, func() { p.cmd.Process.Kill() })
		for range p.lines { // Wait closes the pipe; what is in it comes first
		}
		p.ended = p.cmd.Wait()
		kill.Stop()
		if p.ended != nil {
			p.ended = fmt.Errorf("%s: %w: %s", p.name, p.ended, p.log.text())
		}
	})
	return p.ended
}

// atExit fills in what only the end of the process told: CPU time over its life.
func atExit(f Figures, s *os.ProcessState) Figures {
	f.CPU = s.UserTime() + s.SystemTime()
	return f
}

// A tail is an io.Writer that keeps the end of what is written.
type tail struct {
	mu  sync.Mutex
	buf []byte
}

// Write keeps the last 4 KiB.
func (t *tail) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.buf = append(t.buf, b...)
	t.buf = t.buf[max(0, len(t.buf)-4<<10):]
	return len(b), nil
}

func (t *tail) text() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return strings.TrimSpace(string(t.buf))
}
