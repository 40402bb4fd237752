package handshake

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"time"
)

// defaultTimeout is the default of both timeouts in Options.
const defaultTimeout = 10 * time.Second

// Options configure an exchange. The zero value is ready for use. Many exchanges may use
// the same Options at once; none changes it.
type Options struct {
	// Timeout is how long the exchange may take, without connecting. Zero means
	// 10 s. A negative number means that only the context sets a limit.
	Timeout time.Duration

	// ConnectTimeout is how long Dial may take to connect. Zero means 10 s. A
	// negative number means that only the context sets a limit.
	ConnectTimeout time.Duration

	// Protocols are the protocol names that Accept accepts. Empty means the constant
	// Protocol alone. Initiate accepts only the name that it sent.
	Protocols []string

	// Upgrade is a second info hash that Initiate accepts in an answer: the v2 info
	// hash of a hybrid torrent, truncated to 20 bytes. The zero hash means none. See
	// https://www.bittorrent.org/beps/bep_0052.html#upgrade-path.
	Upgrade [20]byte

	// Filters block peers. Nil means that none is blocked.
	Filters *Filters
}

// Initiate sends ours over c, which we dialed, and returns the peer's answer. The answer
// must have the same info hash, or o.Upgrade if ours has the bit V2.
//
// When ctx is done, Initiate returns the cause of ctx. It sets the deadline of c, and
// clears it if it succeeds. After an error c is no longer usable. The caller closes c in
// either case.
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

// Accept reads a handshake from c, a connection that a peer made to us, and answers it.
//
// It calls answer once the info hash is known, unless the filters block the peer. The
// peer id is still zero then, because some peers send theirs only after they have
// received ours. answer returns our handshake, in which an empty Protocol and a zero
// InfoHash mean those that the peer sent. If answer returns an error, Accept sends
// nothing and its error wraps that one.
//
// Accept treats the context, the deadline and closing as Initiate does.
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

// run calls f with the deadline of the options set on the connection. When ctx is done,
// it moves the deadline into the past, so that f fails.
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
		// Wait until the deadline was moved, because the caller may set one.
		<-deadlineMoved
		return context.Cause(ctx)
	}
	if err != nil {
		return err
	}
	// The error is ignored: on a connection that was closed in the meantime the
	// caller's next call fails as well.
	e.conn.SetDeadline(time.Time{})
	return nil
}

// initiate is the exchange of the side that dialed. It sends first.
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
	// Peers that send different info hashes close the connection, see
	// https://www.bittorrent.org/beps/bep_0003.html#peer-protocol. A peer of a hybrid
	// torrent may answer with the v2 info hash, see
	// https://www.bittorrent.org/beps/bep_0052.html#upgrade-path.
	got := e.candidate.Handshake.InfoHash
	upgraded := ours.Reserved.Has(V2) && e.options.Upgrade != [20]byte{} && got == e.options.Upgrade
	if got != ours.InfoHash && !upgraded {
		return ErrInfoHash
	}
	return e.readPeerID(ours)
}

// accept is the exchange of the side that was dialed.
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

// writeAndRead writes and reads at the same time, because on connections without a
// buffer, such as net.Pipe, both sides would otherwise wait for each other. If one of
// the two fails, it ends the other, and its error is returned. Only when we have dialed
// ourselves the write goes on, so that the dialing side sees that, too.
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
	if readErr != nil && !errors.Is(readErr, ErrSelf) {
		e.conn.SetWriteDeadline(past)
	}
	writeErr := <-written
	if writeErr != nil && (readErr == nil || errors.Is(readErr, os.ErrDeadlineExceeded)) {
		return writeErr
	}
	return readErr
}

// readPeerID reads until the peer id is known, and compares it with ours.
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

// filter returns ErrBlocked if the filters block the candidate.
func (e *exchange) filter() error {
	if e.options.Filters.Decide(e.candidate) == Block {
		return ErrBlocked
	}
	return nil
}

// knownBeforeDial returns what is known of a peer's handshake before it answers h.
func knownBeforeDial(h Handshake) Handshake {
	return Handshake{Protocol: h.Protocol, InfoHash: h.InfoHash}
}

// resolveTimeout returns the timeout that a field of Options means, 0 for no limit.
func resolveTimeout(d time.Duration) time.Duration {
	return max(0, cmp.Or(d, defaultTimeout))
}

// addrPort returns the IP address and port of a, or the zero AddrPort if it has none. An
// IPv4 address is never returned in its IPv6 form, so that filters see one form only.
func addrPort(a net.Addr) netip.AddrPort {
	var ap netip.AddrPort
	switch a := a.(type) {
	case nil:
		return ap
	case interface{ AddrPort() netip.AddrPort }:
		ap = a.AddrPort()
	default:
		var err error
		ap, err = netip.ParseAddrPort(a.String())
		if err != nil {
			return netip.AddrPort{}
		}
	}
	return netip.AddrPortFrom(ap.Addr().Unmap(), ap.Port())
}
