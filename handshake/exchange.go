package handshake

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"time"
)

// defaultTimeout is the time that an exchange may take.
const defaultTimeout = 10 * time.Second

// Options tune an exchange. The zero value is ready for use. It may be shared by
// many exchanges at once, which do not change it.
type Options struct {
	// Timeout is the time that the whole exchange may take, connecting not
	// included. Zero means 10 s, a negative number means no limit but that of
	// the context.
	Timeout time.Duration

	// ConnectTimeout is the time that Dial may take to connect. Zero means 10 s,
	// a negative number means no limit but that of the context.
	ConnectTimeout time.Duration

	// Protocols are the names that Accept takes. None means the constant
	// Protocol alone. Initiate takes only the name that it sent.
	Protocols []string

	// Upgrade is a second info hash that Initiate takes in an answer: the v2
	// hash of a hybrid torrent, cut to 20 bytes. The zero hash means none. See
	// https://www.bittorrent.org/beps/bep_0052.html (section "upgrade path").
	Upgrade [20]byte

	// Filters turn peers away. Nil means that everyone may come in.
	Filters *Filters
}

// Initiate sends ours over c, which we dialed, and returns the answer. It takes
// only an answer for the same swarm, or for o.Upgrade if ours has the bit V2.
//
// It gives up when ctx is done, then with the context's cause. It sets the
// deadline of c and clears it before it returns without an error. After an error
// c is of no more use; closing it is up to the caller, always.
func Initiate(ctx context.Context, c net.Conn, ours Handshake, o Options) (theirs Handshake, err error) {
	ours.Protocol = ours.protocol()
	e := exchange{
		conn:      c,
		options:   &o,
		candidate: Candidate{Addr: addrPort(c.RemoteAddr()), Known: Name | InfoHash, Handshake: knownBeforeDial(ours)},
		parser:    Parser{Protocols: []string{ours.Protocol}},
	}
	err = e.run(ctx, func() error { return e.initiate(ours) })
	if err != nil {
		return Handshake{}, fmt.Errorf("handshake: %w", err)
	}
	return e.candidate.Handshake, nil
}

// Accept receives a handshake over c, which was dialed to us, and answers it.
//
// answer is called once the info hash is known and the filters did not block it;
// the peer id is still zero then, for some peers send theirs only after they got
// ours. It returns our side, or an error to send nothing and give up; Accept's
// error wraps it. An empty Protocol, a zero InfoHash in it stand for those that
// the peer sent.
//
// For context, deadline and closing, Accept is as Initiate.
func Accept(ctx context.Context, c net.Conn, answer func(theirs Handshake) (ours Handshake, err error), o Options) (theirs Handshake, err error) {
	e := exchange{
		conn:      c,
		options:   &o,
		candidate: Candidate{Addr: addrPort(c.RemoteAddr()), Incoming: true},
		parser:    Parser{Protocols: o.Protocols},
	}
	err = e.run(ctx, func() error { return e.accept(answer) })
	if err != nil {
		return Handshake{}, fmt.Errorf("handshake: %w", err)
	}
	return e.candidate.Handshake, nil
}

// An exchange is one handshake in both directions.
type exchange struct {
	conn      net.Conn
	options   *Options
	candidate Candidate
	parser    Parser
}

// run calls f with the deadline of the options on the connection, and makes f
// fail when ctx is done.
func (e *exchange) run(ctx context.Context, f func() error) error {
	if err := context.Cause(ctx); err != nil {
		return err
	}
	if timeout := resolveTimeout(e.options.Timeout); timeout > 0 {
		if err := e.conn.SetDeadline(time.Now().Add(timeout)); err != nil {
			return err
		}
	}
	deadlineMoved := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(deadlineMoved)
		e.conn.SetDeadline(time.Unix(1, 0))
	})
	err := f()
	if !stop() {
		// The deadline was moved, or is about to be: wait, so that it is not
		// moved under the caller's feet.
		<-deadlineMoved
		return context.Cause(ctx)
	}
	if err != nil {
		return err
	}
	// A connection that is closed meanwhile refuses this; the caller will see
	// that when it uses it.
	e.conn.SetDeadline(time.Time{})
	return nil
}

func (e *exchange) initiate(ours Handshake) error {
	if err := e.filter(); err != nil {
		return err
	}
	if err := write(e.conn, ours); err != nil {
		return err
	}
	if err := e.read(InfoHash); err != nil {
		return err
	}
	got := e.candidate.Handshake.InfoHash
	upgraded := ours.Reserved.Has(V2) && e.options.Upgrade != [20]byte{} && got == e.options.Upgrade
	if got != ours.InfoHash && !upgraded {
		return ErrInfoHash
	}
	return e.readPeerID(ours)
}

func (e *exchange) accept(answer func(Handshake) (Handshake, error)) error {
	if err := e.filter(); err != nil {
		return err
	}
	if err := e.read(InfoHash); err != nil {
		return err
	}
	theirs := e.candidate.Handshake
	ours, err := answer(theirs)
	if err != nil {
		return err
	}
	if ours.Protocol == "" {
		ours.Protocol = theirs.Protocol
	}
	if ours.InfoHash == [20]byte{} {
		ours.InfoHash = theirs.InfoHash
	}
	return e.writeAndRead(func() error { return write(e.conn, ours) }, func() error { return e.readPeerID(ours) })
}

// writeAndRead writes and reads at the same time, so that connections without any
// buffer, such as net.Pipe, do not make the two sides wait for each other. The
// one that fails first makes the other one end; its error is returned.
func (e *exchange) writeAndRead(write, read func() error) error {
	past := time.Unix(1, 0)
	written := make(chan error, 1)
	go func() {
		err := write()
		if err != nil {
			e.conn.SetReadDeadline(past)
		}
		written <- err
	}()
	readErr := read()
	if readErr != nil {
		e.conn.SetWriteDeadline(past)
	}
	writeErr := <-written
	if writeErr != nil && (readErr == nil || errors.Is(readErr, os.ErrDeadlineExceeded)) {
		return writeErr
	}
	return readErr
}

// readPeerID reads the peer id.
func (e *exchange) readPeerID(ours Handshake) error {
	if err := e.read(PeerID); err != nil {
		return err
	}
	if e.candidate.Handshake.PeerID == ours.PeerID {
		return ErrSelf
	}
	return nil
}

// read reads until f is known, and asks the filters again.
func (e *exchange) read(f Field) error {
	if err := readUntil(e.conn, &e.parser, f); err != nil {
		return err
	}
	e.candidate.Known = e.parser.Known()
	e.candidate.Handshake = e.parser.Handshake()
	return e.filter()
}

func (e *exchange) filter() error {
	if e.options.Filters.Decide(e.candidate) == Block {
		return ErrBlocked
	}
	return nil
}

// knownBeforeDial returns what is knownBeforeDial of a peer's handshake before it is dialed with h.
func knownBeforeDial(h Handshake) Handshake {
	return Handshake{Protocol: h.Protocol, InfoHash: h.InfoHash}
}

// resolveTimeout returns the time that a field of Options stands for, 0 for no resolveTimeout.
func resolveTimeout(d time.Duration) time.Duration {
	if d == 0 {
		return defaultTimeout
	}
	return max(d, 0)
}

// addrPort returns the IP address and port of a, if it has them. An IPv4 address
// is never returned in its IPv6 form, so that filters need to know but one.
func addrPort(a net.Addr) netip.AddrPort {
	var ap netip.AddrPort
	switch a := a.(type) {
	case nil:
		return ap
	case interface{ AddrPort() netip.AddrPort }:
		ap = a.AddrPort()
	default:
		var err error
		if ap, err = netip.ParseAddrPort(a.String()); err != nil {
			return netip.AddrPort{}
		}
	}
	return netip.AddrPortFrom(ap.Addr().Unmap(), ap.Port())
}
