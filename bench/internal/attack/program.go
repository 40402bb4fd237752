package attack

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/netip"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"

	"github.com/shoal-bt/shoal/bench/internal/child"
)

// patience is how long the program has to end after an interrupt.
const patience = 10 * time.Second

// An event is a line that the program prints with --json.
type event struct {
	Event      string `json:"event"`
	Address    string `json:"address"`
	Announce   string `json:"announce"`
	Peer       string `json:"peer"`
	Message    string `json:"message"`
	Downloaded int64  `json:"downloaded"` // bytes
	Peers      int    `json:"peers"`
}

// A program is a process of shoal.
type program struct {
	cmd  *exec.Cmd
	log  bytes.Buffer // standard error, to be read after done
	done chan struct{}
	err  error // why it ended, to be read after done

	mu     sync.Mutex
	events []event       // all but progress, as they came
	latest event         // progress
	more   chan struct{} // closed and replaced when there is another event
}

// start starts the program. It is killed when ctx is done; stop ends it before.
func (s *Setting) start(ctx context.Context, args ...string) (*program, error) {
	p := &program{cmd: exec.CommandContext(ctx, s.Shoal, args...), done: make(chan struct{}), more: make(chan struct{})}
	p.cmd.Args = append(p.cmd.Args, "--json", "--log-level", "error")
	p.cmd.Env = append(os.Environ(), append(s.environ, "SHOAL_NO_DHT=true", "SHOAL_NO_LSD=true", "HOME="+s.Dir, "XDG_CONFIG_HOME="+s.Dir)...)
	p.cmd.Stderr = &p.log
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	go p.follow(out)
	return p, nil
}

// follow reads what the program prints until it ends.
func (p *program) follow(out io.Reader) {
	defer close(p.done)
	for lines := bufio.NewScanner(out); lines.Scan(); {
		var e event
		if json.Unmarshal(lines.Bytes(), &e) != nil {
			continue
		}
		p.mu.Lock()
		if e.Event == "progress" {
			p.latest = e
		} else {
			p.events = append(p.events, e)
			close(p.more)
			p.more = make(chan struct{})
		}
		p.mu.Unlock()
	}
	p.err = p.cmd.Wait()
}

// await waits until an event of the given name has come, and returns the first.
func (p *program) await(ctx context.Context, name string) (event, error) {
	seen := 0
	for {
		p.mu.Lock()
		more := p.more
		for ; seen < len(p.events); seen++ {
			if e := p.events[seen]; e.Event == name {
				p.mu.Unlock()
				return e, nil
			}
		}
		p.mu.Unlock()
		select {
		case <-more:
		case <-p.done:
			return event{}, fmt.Errorf("shoal ended (%v) before %q: %s", p.err, name, strings.TrimSpace(p.log.String()))
		case <-ctx.Done():
			return event{}, fmt.Errorf("shoal did not report %q: %w", name, context.Cause(ctx))
		}
	}
}

// listening returns where the program accepts connections.
func (p *program) listening(ctx context.Context) (netip.AddrPort, error) {
	e, err := p.await(ctx, "listening")
	if err != nil {
		return netip.AddrPort{}, err
	}
	return netip.ParseAddrPort(e.Address)
}

// downloaded returns the bytes that the program has downloaded, as it last said.
func (p *program) downloaded() int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.latest.Downloaded
}

// used returns what the program took since it began.
func (p *program) used() child.Figures { return child.Of(p.cmd.Process.Pid) }

// stop interrupts the program and waits for its end. It kills a program that takes long.
func (p *program) stop() {
	p.cmd.Process.Signal(os.Interrupt)
	kill := time.AfterFunc(patience, func() { p.cmd.Process.Kill() })
	<-p.done
	kill.Stop()
}

// kill ends the program at once.
func (p *program) kill() {
	p.cmd.Process.Kill()
	<-p.done
}

// seed starts shoal seed on torrents and returns its address when peers can have them.
func (s *Setting) seed(ctx context.Context, all []torrent, flags ...string) (*program, netip.AddrPort, error) {
	args := append([]string{"seed", "--dir", s.Dir, "--state", "off", "--listen", netip.AddrPortFrom(s.programAddr(), 0).String()}, flags...)
	for _, t := range all {
		args = append(args, t.file)
	}
	p, addr, err := s.startListening(ctx, "checked", len(all), args)
	if err != nil {
		return nil, addr, err
	}
	waiting, cancel := s.within(ctx)
	defer cancel()
	for _, t := range all {
		if err := s.awaitSeed(waiting, addr, t); err != nil {
			p.kill()
			return nil, addr, err
		}
	}
	return p, addr, nil
}

// awaitSeed connects until the program says what it has of a torrent.
func (s *Setting) awaitSeed(ctx context.Context, to netip.AddrPort, t torrent) error {
	for {
		q, err := connect(ctx, s.visitor(), to, t, newID("-qB4620-"))
		if err == nil {
			_, err = q.messages.Next()
			q.Close()
		}
		if err == nil || ctx.Err() != nil {
			return err
		}
		pause(ctx, redial/20)
	}
}

// get starts shoal get on a torrent, to download it to dir, and returns its address.
func (s *Setting) get(ctx context.Context, t torrent, dir string, flags ...string) (*program, netip.AddrPort, error) {
	args := []string{"get", t.file, "--dir", dir, "--state", "off", "--listen", netip.AddrPortFrom(s.programAddr(), 0).String()}
	return s.startListening(ctx, "checked", 1, append(args, flags...))
}

// startListening starts the program and waits for its address, and for n events of a name.
func (s *Setting) startListening(ctx context.Context, name string, n int, args []string) (*program, netip.AddrPort, error) {
	p, err := s.start(ctx, args...)
	if err != nil {
		return nil, netip.AddrPort{}, err
	}
	ctx, cancel := s.within(ctx)
	defer cancel()
	addr, err := p.listening(ctx)
	if err == nil {
		err = p.awaitNumber(ctx, name, n)
	}
	if err != nil {
		p.kill()
		return nil, netip.AddrPort{}, err
	}
	return p, addr, nil
}

// awaitNumber waits for n events of a name.
func (p *program) awaitNumber(ctx context.Context, name string, n int) error {
	for {
		p.mu.Lock()
		more, have := p.more, 0
		for _, e := range p.events {
			if e.Event == name {
				have++
			}
		}
		p.mu.Unlock()
		if have >= n {
			return nil
		}
		select {
		case <-more:
		case <-p.done:
			return fmt.Errorf("shoal ended (%v): %s", p.err, strings.TrimSpace(p.log.String()))
		case <-ctx.Done():
			return fmt.Errorf("shoal reported %q %d times, not %d: %w", name, have, n, context.Cause(ctx))
		}
	}
}
