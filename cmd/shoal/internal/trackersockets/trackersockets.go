// Package trackersockets listens for a tracker over HTTP and UDP at one port, and serves it
// there. An address comes in; announces go to a trackerserver.Server.
package trackersockets

import (
	"context"
	"errors"
	"fmt"
	"net"

	"github.com/shoal-bt/shoal/trackerserver"
)

// Sockets are where a tracker listens. One of them may be nil.
type Sockets struct {
	HTTP net.Listener
	UDP  net.PacketConn
}

// samePortTries is how often another port is taken if a port that is free for TCP is taken
// for UDP.
const samePortTries = 10

// Open listens at an address, HOST:PORT. If both are wanted, they have one port.
func Open(address string, http, udp bool) (s Sockets, err error) {
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		return s, err
	}
	for tries := 1; ; tries++ {
		s, err = listen(address, http, udp)
		if err == nil || port != "0" || tries == samePortTries {
			return s, err
		}
	}
}

// listen listens once.
func listen(address string, http, udp bool) (s Sockets, err error) {
	if http {
		if s.HTTP, err = net.Listen("tcp", address); err != nil {
			return Sockets{}, err
		}
		address = s.HTTP.Addr().String()
	}
	if !udp {
		return s, nil
	}
	if s.UDP, err = net.ListenPacket("udp", address); err != nil {
		if s.HTTP != nil {
			s.HTTP.Close()
		}
		return Sockets{}, err
	}
	return s, nil
}

// Addr returns the address, and the protocols in words.
func (s Sockets) Addr() (at net.Addr, over string) {
	switch {
	case s.UDP == nil:
		return s.HTTP.Addr(), "HTTP"
	case s.HTTP == nil:
		return s.UDP.LocalAddr(), "UDP"
	}
	return s.HTTP.Addr(), "HTTP and UDP"
}

// Serve serves until ctx is done or one of the sockets fails, and closes them.
func (s Sockets) Serve(ctx context.Context, server *trackerserver.Server) error {
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
	if s.HTTP != nil {
		begin("HTTP", func() error { return server.Serve(ctx, s.HTTP) })
	}
	if s.UDP != nil {
		begin("UDP", func() error { return server.ServeUDP(ctx, s.UDP) })
	}
	var err error
	for range running {
		err = errors.Join(err, <-ended)
		stop()
	}
	return err
}
