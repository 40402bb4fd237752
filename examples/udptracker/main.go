// Udptracker lets programs that know a name find each other through a UDP tracker, without a
// torrent. Each announces a swarm whose id is the hash of the name, greets those whom the
// tracker names, and ends when it has met somebody.
//
//	udptracker URL NAME GREETING
package main

import (
	"bufio"
	"context"
	"crypto/rand"
	"crypto/sha1"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"os"
	"os/signal"
	"strings"
	"sync"
	"time"

	"github.com/shoal-bt/shoal/swarm"
	"github.com/shoal-bt/shoal/udptracker"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if len(os.Args) != 4 {
		log.Fatal("udptracker: give a tracker, a name and a greeting, such as: udptracker udp://tracker.example:6969 \"chess players of Ulm\" \"hello from Ann\"")
	}
	if err := meet(ctx, os.Stdout, os.Args[1], os.Args[2], os.Args[3]); err != nil {
		log.Fatal("udptracker: ", err)
	}
}

// meet prints the greeting of the first other program of that name.
func meet(ctx context.Context, out io.Writer, url, name, greeting string) error {
	tracker, err := udptracker.New(url, udptracker.Config{})
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", ":0")
	if err != nil {
		return err
	}
	defer listener.Close()
	me := swarm.Announcement{
		Swarm: sha1.Sum([]byte(name)),
		Port:  uint16(listener.Addr().(*net.TCPAddr).Port),
		Event: swarm.Started,
		Want:  10,
		Left:  -1, // there is nothing to download
	}
	rand.Read(me.Peer[:])
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	greetings := make(chan string)
	greet := func(c net.Conn) {
		text, err := exchange(c, me.Peer, greeting)
		if err != nil {
			return // not one of us, or ourselves
		}
		select {
		case greetings <- text:
		case <-ctx.Done():
		}
	}
	go func() {
		for {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			go greet(c)
		}
	}()
	var announcing sync.WaitGroup
	announcing.Go(func() { announce(ctx, tracker, me, greet) })
	select {
	case text := <-greetings:
		fmt.Fprintf(out, "met %q\n", text)
	case <-ctx.Done():
		return ctx.Err()
	}
	cancel()
	announcing.Wait() // calls for one swarm must not overlap
	me.Event, me.Want = swarm.Stopped, 0
	_, err = tracker.Announce(context.Background(), me, func(swarm.Address) {})
	return err
}

// announce announces when the tracker wants it, and greets those whom it names.
func announce(ctx context.Context, tracker *udptracker.Tracker, me swarm.Announcement, greet func(net.Conn)) {
	for ctx.Err() == nil {
		answer, err := tracker.Announce(ctx, me, func(p swarm.Address) {
			go func() {
				c, err := net.DialTimeout("tcp", p.String(), 5*time.Second)
				if err == nil {
					greet(c)
				}
			}()
		})
		if err != nil && ctx.Err() == nil {
			log.Print(err)
		}
		select {
		case <-time.After(max(answer.Next, time.Second)):
		case <-ctx.Done():
		}
	}
}

// exchange sends who we are and a greeting, and returns that of the other side.
func exchange(c net.Conn, me swarm.PeerID, greeting string) (string, error) {
	defer c.Close()
	c.SetDeadline(time.Now().Add(5 * time.Second))
	if _, err := fmt.Fprintf(c, "%x %s\n", me[:], greeting); err != nil {
		return "", err
	}
	line, err := bufio.NewReader(io.LimitReader(c, 1000)).ReadString('\n')
	id, text, ok := strings.Cut(strings.TrimSpace(line), " ")
	if err != nil || !ok || id == fmt.Sprintf("%x", me[:]) {
		return "", errors.New("no greeting of another program")
	}
	return text, nil
}
