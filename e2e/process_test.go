package e2e

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// limit bounds one transfer, and the start of one client.
const limit = 60 * time.Second

// required says that what would be skipped is a failure.
var required = os.Getenv("SHOAL_E2E") == "required"

// lack skips the test, or fails it where everything is required.
func lack(t *testing.T, format string, args ...any) {
	t.Helper()
	if required {
		t.Fatalf("SHOAL_E2E=required: "+format, args...)
	}
	t.Skipf(format, args...)
}

// A process is another client that runs for a test. It ends with the test, and
// what it printed is shown if the test fails.
type process struct {
	cmd   *exec.Cmd
	stdin io.Writer
	done  chan struct{}
	err   error // why it ended; to be read after done

	mu    sync.Mutex
	lines []string      // of its standard output, that nobody waited for yet
	more  chan struct{} // holds a token when there are lines
}

// launch starts a program in a namespace; "" is that of the test itself.
func launch(t *testing.T, namespace, program string, args ...string) *process {
	t.Helper()
	if namespace != "" {
		args = append([]string{"netns", "exec", namespace, program}, args...)
		program = "ip"
	}
	name := filepath.Join(t.TempDir(), "log")
	log, err := os.Create(name)
	require.NoError(t, err)
	p := &process{cmd: exec.Command(program, args...), more: make(chan struct{}, 1), done: make(chan struct{})}
	p.cmd.Stderr = log
	stdin, err := p.cmd.StdinPipe()
	require.NoError(t, err)
	p.stdin = stdin
	stdout, err := p.cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, startWithUs(p.cmd))
	go p.follow(stdout, log)
	t.Cleanup(func() {
		running := true
		select {
		case <-p.done:
			running = false
		default:
		}
		p.kill()
		stdin.Close()
		log.Close()
		if b, err := os.ReadFile(name); err == nil && t.Failed() {
			t.Logf("%s (still running: %v, end: %v) printed:\n%s", filepath.Base(p.cmd.Args[0]), running, p.err, b[max(0, len(b)-20000):])
		}
	})
	return p
}

// follow passes on and logs what the process prints, and waits for its end.
func (p *process) follow(stdout io.Reader, log io.Writer) {
	defer close(p.done)
	for s := bufio.NewScanner(stdout); s.Scan(); {
		fmt.Fprintln(log, s.Text())
		p.mu.Lock()
		p.lines = append(p.lines, s.Text())
		p.mu.Unlock()
		select {
		case p.more <- struct{}{}:
		default:
		}
	}
	p.err = p.cmd.Wait()
}

// kill ends the process at once, as a crash would, and waits for it.
func (p *process) kill() {
	p.cmd.Process.Kill()
	<-p.done
}

// line waits until the process prints a line that f accepts.
func (p *process) line(ctx context.Context, f func(string) bool) error {
	for {
		p.mu.Lock()
		i := slices.IndexFunc(p.lines, f)
		if i < 0 {
			p.lines = nil
		} else {
			p.lines = p.lines[i+1:]
		}
		p.mu.Unlock()
		if i >= 0 {
			return nil
		}
		select {
		case <-p.more:
		case <-p.done:
			return fmt.Errorf("%s ended: %v", p.cmd.Args[0], p.err)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// waitFor waits until c is closed.
func (p *process) waitFor(t *testing.T, c <-chan struct{}) {
	t.Helper()
	select {
	case <-c:
	case <-p.done:
		require.FailNow(t, "it ended", "%s: %v", p.cmd.Args[0], p.err)
	case <-within(t).Done():
		require.FailNow(t, "took too long")
	}
}

// until waits until f reports true.
func until(t *testing.T, f func() bool) {
	t.Helper()
	require.Eventually(t, f, limit, 20*time.Millisecond)
}

// skip forgets the lines that nobody waited for.
func (p *process) skip() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.lines = nil
}

// poll calls f until it reports true.
func (p *process) poll(ctx context.Context, f func() bool) error {
	for !f() {
		select {
		case <-time.After(20 * time.Millisecond):
		case <-p.done:
			return fmt.Errorf("%s ended: %v", p.cmd.Args[0], p.err)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// accepts reports whether somebody listens at addr.
func accepts(addr netip.AddrPort) bool {
	c, err := net.DialTimeout("tcp", addr.String(), time.Second)
	if err != nil {
		return false
	}
	c.Close()
	return true
}
