package main

import (
	"context"
	"errors"
	"fmt"
	"net"

	"github.com/shoal-bt/shoal/trackerserver"
)

// trackerSockets are where a tracker listens. One of them may be nil.
type trackerSockets struct {
	http net.Listener
	udp  net.PacketConn
}

// samePortTries is how often another port is taken if a free one of TCP is not free for
// UDP.
const samePortTries = 10

// open listens at an address, over HTTP and UDP at the same port.
func (cmd trackerCommand) open(address string) (s trackerSockets, err error) {
	if cmd.NoHTTP && cmd.NoUDP {
		return s, usageError{errors.New("--no-http and --no-udp leave nothing to serve; give one of them")}
	}
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		return s, err
	}
	for tries := 1; ; tries++ {
		s, err = cmd.listen(address)
		if err == nil || port != "0" || tries == samePortTries {
			return s, err
		}
	}
}

// listen listens once.
func (cmd trackerCommand) listen(address string) (s trackerSockets, err error) {
	if !cmd.NoHTTP {
		if s.http, err = net.Listen("tcp", address); err != nil {
			return s, err
		}
		address = s.http.Addr().String()
	}
	if cmd.NoUDP {
		return s, nil
	}
	s.udp, err = net.ListenPacket("udp", address)
	if err != nil && s.http != nil {
		s.http.Close()
	}
	return s, err
}

// announce says where the tracker listens.
func (s trackerSockets) announce(c *console) {
	o := trackerListeningJSON{Event: "listening"}
	var at net.Addr
	over, urls := "HTTP and UDP", "these URLs"
	if s.udp != nil {
		at = s.udp.LocalAddr()
		o.AnnounceUDP = "udp://" + shownAddress(at) + "/announce"
	} else {
		over, urls = "HTTP", "that URL"
	}
	if s.http != nil {
		at = s.http.Addr()
		o.Announce = "http://" + shownAddress(at) + "/announce"
	} else {
		over, urls = "UDP", "that URL"
	}
	c.emit(o)
	c.say("The tracker listens at %s, over %s.", at, over)
	for _, url := range []string{o.Announce, o.AnnounceUDP} {
		if url != "" {
			c.say("Announce URL: %s", url)
		}
	}
	c.say("On other machines, put this machine's address in %s. Ctrl-C stops it.", urls)
}

// serve serves until ctx is done or one of the sockets fails.
func (s trackerSockets) serve(ctx context.Context, server *trackerserver.Server) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	running := 0
	ended := make(chan error, 2)
	begin := func(name string, serve func() error) {
		running++
		go func() {
			err := serve()
			if err != nil {
				err = fmt.Errorf("serving %s: %w", name, err)
			}
			ended <- err
		}()
	}
	if s.http != nil {
		begin("HTTP", func() error { return server.Serve(ctx, s.http) })
	}
	if s.udp != nil {
		begin("UDP", func() error { return server.ServeUDP(ctx, s.udp) })
	}
	var err error
	for range running {
		err = errors.Join(err, <-ended)
		stop()
	}
	return err
}
