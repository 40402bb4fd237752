package child

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
)

// A Parent is the process that started this one. Its methods are for one goroutine.
type Parent struct {
	// AtEnd is called when the parent has enough, while everything is still there;
	// nil for nothing. It is to be set before the work begins.
	AtEnd func()

	out   io.Writer
	lines chan string
	ctx   context.Context
}

// errGone says that the parent does not want anything any more.
var errGone = errors.New("the parent is gone")

// Attach begins to read what the parent says.
func Attach(in io.Reader, out io.Writer) *Parent {
	ctx, cancel := context.WithCancelCause(context.Background())
	p := &Parent{out: out, lines: make(chan string, 16), ctx: ctx}
	go func() {
		for s := bufio.NewScanner(in); s.Scan(); {
			p.lines <- s.Text()
		}
		cancel(errGone)
	}()
	return p
}

// Context ends when the parent closes its side.
func (p *Parent) Context() context.Context { return p.ctx }

// Say tells the parent a word and a text.
func (p *Parent) Say(word, text string) error {
	_, err := fmt.Fprintln(p.out, word, text)
	return err
}

// Hear returns the next line of the parent.
func (p *Parent) Hear() (string, error) {
	select {
	case s := <-p.lines:
		return s, nil
	case <-p.ctx.Done():
		return "", errGone
	}
}

// Ready tells the parent that the process is ready, and waits to be told to go.
func (p *Parent) Ready(text string) error {
	if err := p.Say("ready", text); err != nil {
		return err
	}
	for {
		if s, err := p.Hear(); err != nil || s == "go" {
			return err
		}
	}
}

// Done tells the parent that the work is done, and waits until it closes its side.
func (p *Parent) Done(text string) error {
	err := p.Say("done", text)
	p.Rest()
	return err
}

// Rest waits until the parent closes its side.
func (p *Parent) Rest() {
	<-p.ctx.Done()
	if p.AtEnd != nil {
		p.AtEnd()
	}
}
