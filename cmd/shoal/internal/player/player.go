package player

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"time"
)

// endTime is how long a player may take to end when it is told to.
const endTime = 2 * time.Second

// A Player is a program that was started.
type Player struct {
	ended chan struct{}
	err   error // how it ended, when ended is closed
}

// Start starts a program with an address as its last argument, after "--", so that no program takes
// it for something else. It is told to end when ctx is done.
func Start(ctx context.Context, words []string, address string) (*Player, error) {
	arguments := append(append([]string(nil), words[1:]...), "--", address)
	cmd := exec.CommandContext(ctx, words[0], arguments...)
	cmd.Cancel = func() error {
		if runtime.GOOS == "windows" {
			return cmd.Process.Kill()
		}
		return cmd.Process.Signal(syscall.SIGTERM)
	}
	cmd.WaitDelay = endTime
	err := cmd.Start()
	if err != nil {
		return nil, fmt.Errorf("%s cannot be started: %w", words[0], reason(err))
	}
	p := &Player{ended: make(chan struct{})}
	go func() {
		defer close(p.ended)
		err := cmd.Wait()
		if ctx.Err() == nil && err != nil {
			p.err = fmt.Errorf("%s ended: %w", words[0], err)
		}
	}()
	return p, nil
}

// reason returns why a program cannot be started, without its name.
func reason(err error) error {
	var look *exec.Error
	var path *os.PathError
	switch {
	case errors.As(err, &look):
		return look.Err
	case errors.As(err, &path):
		return path.Err
	}
	return err
}

// Ended is closed when the program has ended.
func (p *Player) Ended() <-chan struct{} { return p.ended }

// Err returns how the program ended: nil for success, and if it was told to. It waits for the end.
func (p *Player) Err() error {
	<-p.ended
	return p.err
}
