// Extension is a chat room over a swarm. Two programs meet in it that share no code, only
// the name of the extension and what its messages mean: text of one line. The host
// (host.go) plugs an extension into the engine; the guest (guest.go) speaks the wire
// protocol itself.
//
//	extension                  both, in one process
//	extension host ADDRESS     a host that listens there; lines of the input are said
//	extension guest ADDRESS    a guest of such a host
package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"os"
	"strings"
	"unicode"
)

func main() {
	if err := run(context.Background(), os.Stdin, os.Stdout, os.Args[1:]); err != nil {
		log.Fatal("extension: ", err)
	}
}

func run(ctx context.Context, in io.Reader, out io.Writer, args []string) error {
	show := func(line string) { fmt.Fprintln(out, printable(line)) }
	switch {
	case len(args) == 2 && args[0] == "host":
		h, err := newHost(ctx, args[1], show)
		if err != nil {
			return err
		}
		defer h.close()
		show("waiting for guests at " + h.addr())
		return eachLine(in, h.say)
	case len(args) == 2 && args[0] == "guest":
		g, err := newGuest(ctx, args[1])
		if err != nil {
			return err
		}
		defer g.close()
		go g.listen(show)
		return eachLine(in, g.say)
	case len(args) == 0:
		return meet(ctx, out)
	}
	return errors.New("run it without arguments, or with host ADDRESS or guest ADDRESS")
}

// printable returns what somebody said without what a terminal would obey.
func printable(line string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return '?'
	}, line)
}

// eachLine calls say with each line of the input.
func eachLine(in io.Reader, say func(string) error) error {
	lines := bufio.NewScanner(in)
	for lines.Scan() {
		if err := say(lines.Text()); err != nil {
			return err
		}
	}
	return lines.Err()
}

// meet has a guest greet a host, which answers.
func meet(ctx context.Context, out io.Writer) error {
	heard := make(chan string, 10)
	h, err := newHost(ctx, "127.0.0.1:0", func(line string) { heard <- line })
	if err != nil {
		return err
	}
	defer h.close()
	g, err := newGuest(ctx, h.addr())
	if err != nil {
		return err
	}
	defer g.close()
	if err := g.say("good evening"); err != nil {
		return err
	}
	fmt.Fprintf(out, "the host heard %q\n", <-heard)
	if err := h.say("welcome"); err != nil {
		return err
	}
	err = g.listen(func(line string) {
		fmt.Fprintf(out, "the guest heard %q\n", line)
		g.close()
	})
	if errors.Is(err, net.ErrClosed) {
		err = nil
	}
	return err
}
