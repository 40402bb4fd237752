// Chatroom is a chat without a server. Programs that know the name of a room meet through the
// Mainline DHT: each announces the hash of the name, connects to those whom the DHT names, and
// sends them the lines that its user types. Without arguments two of them meet in a DHT of
// their own on this machine.
//
//	chatroom [-node HOST:PORT]... ROOM NAME
//
// What is said is neither secret nor signed: anybody who knows the name of a room can enter,
// listen, and take any name. A member whom others cannot reach, as behind most routers, meets
// those who can be reached.
package main

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"os"
	"os/signal"
	"strings"

	"github.com/shoal-bt/shoal/dht"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Stdin, os.Stdout, os.Args[1:]); err != nil {
		log.Fatal("chatroom: ", err)
	}
}

func run(ctx context.Context, in io.Reader, out io.Writer, args []string) error {
	flags := flag.NewFlagSet("chatroom", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.Usage = func() { fmt.Fprintln(out, "Usage: chatroom [-node HOST:PORT]... ROOM NAME") }
	var config dht.Config
	flags.Func("node", "a node of the DHT to begin with, HOST:PORT, instead of well-known ones", func(s string) error {
		config.Nodes, config.Routers = append(config.Nodes, s), []string{}
		_, _, err := net.SplitHostPort(s)
		return err
	})
	err := flags.Parse(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return nil
	case err != nil:
		return err
	case flags.NArg() == 0:
		return meetHere(ctx, out)
	case flags.NArg() != 2:
		return errors.New("give the name of a room, and yours")
	}
	return chat(ctx, in, out, ":0", config, flags.Arg(0), flags.Arg(1))
}

// chat enters a room, shows what the others say, and says what comes in until that ends.
func chat(ctx context.Context, in io.Reader, out io.Writer, listen string, config dht.Config, name, nick string) error {
	node, closeNode, err := openNode(listen, config)
	if err != nil {
		return err
	}
	defer closeNode()
	r, err := enter(ctx, node, listen, name, nick, func(text string) { fmt.Fprintln(out, text) })
	if err != nil {
		return err
	}
	defer r.leave()
	said := make(chan string)
	go func() { // ends with the process if nobody types anything more
		defer close(said)
		for typed := bufio.NewScanner(in); typed.Scan(); {
			select {
			case said <- typed.Text():
			case <-ctx.Done():
				return
			}
		}
	}()
	for {
		select {
		case line, ok := <-said:
			if !ok {
				return nil
			}
			r.say(line)
		case <-ctx.Done():
			return nil
		}
	}
}

// openNode opens a node of the DHT on a socket of its own.
func openNode(listen string, config dht.Config) (n *dht.Node, closeNode func(), err error) {
	conn, err := net.ListenPacket("udp4", listen)
	if err != nil {
		return nil, nil, err
	}
	config.Conn4 = conn
	n, err = dht.Open(config)
	if err != nil {
		conn.Close()
		return nil, nil, err
	}
	return n, func() {
		n.Close()
		conn.Close()
	}, nil
}

// loopback is where the two members listen that meet on this machine.
const loopback = "127.0.0.1:0"

// meetHere runs two members. All that they know is the name of a room, and one node of a DHT.
func meetHere(ctx context.Context, out io.Writer) error {
	conn, err := net.ListenPacket("udp4", loopback)
	if err != nil {
		return err
	}
	defer conn.Close()
	middle, err := dht.Open(dht.Config{Conn4: conn, Routers: []string{}})
	if err != nil {
		return err
	}
	defer middle.Close()
	config := dht.Config{Nodes: []string{conn.LocalAddr().String()}, Routers: []string{}}
	const name = "chess players of Ulm"

	node, closeNode, err := openNode(loopback, config)
	if err != nil {
		return err
	}
	defer closeNode()
	annHears, bobHears := make(lines, 10), make(lines, 10)
	ann, err := enter(ctx, node, loopback, name, "Ann", func(text string) { annHears <- text })
	if err != nil {
		return err
	}
	defer ann.leave()
	err = ann.waitAnnounced(ctx)
	if err != nil {
		return err
	}
	typed, typing := io.Pipe()
	defer typing.Close()
	bob := make(chan error, 1)
	go func() { bob <- chat(ctx, typed, bobHears, loopback, config, name, "Bob") }()
	for _, from := range []lines{annHears, bobHears} { // each that the other is here
		text, err := from.next(bob)
		if err != nil {
			return errors.Join(ctx.Err(), err)
		}
		fmt.Fprintln(out, text)
	}
	go fmt.Fprintln(typing, "good evening")
	text, err := annHears.next(bob)
	if err != nil {
		return errors.Join(ctx.Err(), err)
	}
	fmt.Fprintln(out, text)
	typing.Close()
	return <-bob
}

// lines are what a member hears. Write takes one.
type lines chan string

func (l lines) Write(b []byte) (int, error) {
	l <- strings.TrimSuffix(string(b), "\n")
	return len(b), nil
}

// next returns the next line, or an error if the other member's program ends before.
func (l lines) next(ended <-chan error) (string, error) {
	select {
	case text := <-l:
		return text, nil
	case err := <-ended:
		return "", fmt.Errorf("the other member has left: %w", cmp.Or(err, io.EOF))
	}
}
