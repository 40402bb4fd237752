package mse

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/nettest"
)

// torrent is the hash of the torrent of most tests.
var torrent = [20]byte{'t'}

// knows is a find that knows torrent.
func knows(mark [20]byte) ([20]byte, bool) { return torrent, mark == Encryption{}.Mark(torrent) }

// secure encrypts both ends of a connection. a sends first.
func secure(a, b net.Conn, e Encryption, first []byte) (sa, sb *Conn, err error) {
	type end struct {
		c   net.Conn
		err error
	}
	accepted := make(chan end, 1)
	go func() {
		c, err := e.Accept(context.Background(), b, knows)
		accepted <- end{c, err}
	}()
	c, err := e.Initiate(context.Background(), a, torrent, first)
	if err != nil {
		b.Close()
		<-accepted
		return nil, nil, err
	}
	other := <-accepted
	if other.err != nil {
		return nil, nil, other.err
	}
	return c.(*Conn), other.c.(*Conn), nil
}

// tcpPipe returns both ends of a connection over loopback.
func tcpPipe() (a, b net.Conn, err error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, nil, err
	}
	defer l.Close()
	a, err = net.Dial("tcp", l.Addr().String())
	if err != nil {
		return nil, nil, err
	}
	b, err = l.Accept()
	return a, b, err
}

// A Conn is a net.Conn in every respect that nettest knows.
func TestConn(t *testing.T) {
	pipe := func() (net.Conn, net.Conn, error) {
		a, b := net.Pipe()
		return a, b, nil
	}
	for _, test := range []struct {
		name    string
		open    func() (net.Conn, net.Conn, error)
		payload Payload
	}{
		{"RC4", pipe, RC4},
		{"plain", pipe, Plain},
		{"RC4 over TCP", tcpPipe, RC4},
		{"plain over TCP", tcpPipe, Plain},
	} {
		t.Run(test.name, func(t *testing.T) {
			nettest.TestConn(t, func() (c1, c2 net.Conn, stop func(), err error) {
				a, b, err := test.open()
				if err != nil {
					return nil, nil, nil, err
				}
				c1, c2, err = secure(a, b, Encryption{Payloads: test.payload}, nil)
				return c1, c2, func() { a.Close(); b.Close() }, err
			})
		})
	}
}

// A long write arrives in order, and the caller's slice stays as it is.
func TestWrite(t *testing.T) {
	a, b := net.Pipe()
	ca, cb, err := secure(a, b, Encryption{Payloads: RC4}, []byte("first"))
	require.NoError(t, err)
	for _, n := range []int{0, 1, smallBuffer, smallBuffer + 1, largeBuffer, 5*largeBuffer + 3} {
		sent := bytes.Repeat([]byte("0123456789abcdef!"), n/17+1)[:n]
		p := bytes.Clone(sent)
		go func() {
			ca.Write(p)
			ca.Write([]byte("."))
		}()
		if n == 0 {
			sent = []byte("first") // of the exchange
		}
		got := make([]byte, len(sent)+1)
		_, err = io.ReadFull(cb, got)
		require.NoError(t, err)
		require.Equal(t, append(sent, '.'), got)
		require.Equal(t, sent[:min(len(sent), n)], p[:min(len(sent), n)])
	}
}

// A write that ended in its middle, by a deadline, leaves the key stream where the peer has it, also
// if other bytes follow.
func TestWriteGoesOnAfterADeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := net.Pipe()
		ca, cb, err := secure(a, b, Encryption{Payloads: RC4}, nil)
		require.NoError(t, err)
		got := make([]byte, largeBuffer+100)
		go io.ReadFull(cb, got)
		ca.SetWriteDeadline(time.Now().Add(time.Second))
		n, err := ca.Write(bytes.Repeat([]byte{'x'}, 2*largeBuffer))
		require.ErrorIs(t, err, os.ErrDeadlineExceeded)
		require.Equal(t, len(got), n)
		synctest.Wait()
		require.Equal(t, bytes.Repeat([]byte{'x'}, n), got)
		n, err = ca.Write([]byte("late"))
		require.ErrorIs(t, err, os.ErrDeadlineExceeded)
		require.Zero(t, n)
		ca.SetWriteDeadline(time.Time{})
		go ca.Write([]byte("something else"))
		_, err = io.ReadFull(cb, got[:14])
		require.NoError(t, err)
		require.Equal(t, "something else", string(got[:14]))
	})
}

// A caller gets the socket if, and only if, what is in it can be read as it is.
func TestSyscallConn(t *testing.T) {
	for _, test := range []struct {
		name    string
		open    func() (net.Conn, net.Conn, error)
		payload Payload
		first   string
		ok      bool
	}{
		{"plain", tcpPipe, Plain, "", true},
		{"first bytes", tcpPipe, Plain, "first", true},
		{"RC4", tcpPipe, RC4, "", false},
		{"no socket", func() (net.Conn, net.Conn, error) { a, b := net.Pipe(); return a, b, nil }, Plain, "", false},
	} {
		t.Run(test.name, func(t *testing.T) {
			a, b, err := test.open()
			require.NoError(t, err)
			defer a.Close()
			defer b.Close()
			ca, cb, err := secure(a, b, Encryption{Payloads: test.payload}, []byte(test.first))
			require.NoError(t, err)
			if test.first != "" {
				_, err = cb.SyscallConn()
				require.Error(t, err, "the first bytes are not in the socket")
				got := make([]byte, len(test.first))
				for i := range got { // in two reads at least
					_, err = cb.Read(got[i : i+1])
					require.NoError(t, err)
				}
				require.Equal(t, test.first, string(got))
			}
			for _, c := range []syscall.Conn{ca, cb} {
				_, err = c.SyscallConn()
				require.Equal(t, test.ok, err == nil, "%v", err)
			}
		})
	}
}

// Both sides select what both agree to.
func TestSelect(t *testing.T) {
	for _, test := range []struct {
		dials, accepts Encryption
		want           Payload // zero for none
	}{
		{Encryption{}, Encryption{}, Plain},
		{Encryption{}, Encryption{PreferRC4: true}, RC4},
		{Encryption{PreferRC4: true}, Encryption{}, Plain},
		{Encryption{Payloads: RC4}, Encryption{}, RC4},
		{Encryption{Payloads: Plain}, Encryption{PreferRC4: true}, Plain},
		{Encryption{}, Encryption{Payloads: RC4}, RC4},
		{Encryption{}, Encryption{Payloads: Plain, PreferRC4: true}, Plain},
		{Encryption{Payloads: Plain}, Encryption{Payloads: RC4}, 0},
		{Encryption{Payloads: RC4}, Encryption{Payloads: Plain}, 0},
	} {
		a, b := net.Pipe()
		accepted := make(chan error, 1)
		go func() {
			c, err := test.accepts.Accept(context.Background(), b, knows)
			if err != nil {
				b.Close()
			} else if c.(*Conn).Payload() != test.want {
				err = errors.New("another payload")
			}
			accepted <- err
		}()
		c, err := test.dials.Initiate(t.Context(), a, torrent, nil)
		if test.want == 0 {
			require.Error(t, err, "the peer closed the connection")
			require.ErrorIs(t, <-accepted, errOffer)
			continue
		}
		require.NoError(t, err)
		require.NoError(t, <-accepted)
		require.Equal(t, test.want, c.(*Conn).Payload())
	}
	require.Equal(t, []string{"plain", "RC4", "plain|RC4", "Payload(0x4)"},
		[]string{Plain.String(), RC4.String(), (Plain | RC4).String(), Payload(4).String()})
}

// The connection has no deadline afterwards, also if it had one before.
func TestDeadlineIsCleared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := net.Pipe()
		for _, c := range []net.Conn{a, b} {
			c.SetDeadline(time.Now().Add(time.Second))
		}
		ca, cb, err := secure(a, b, Encryption{}, nil)
		require.NoError(t, err)
		time.Sleep(2 * time.Second)
		go ca.Write([]byte("late"))
		got := make([]byte, 4)
		_, err = io.ReadFull(cb, got)
		require.NoError(t, err)
		require.Equal(t, "late", string(got))
	})
}

// writesFail is a connection of which the peer can be read, and gets nothing.
type writesFail struct {
	net.Conn
	err error
}

func (c writesFail) Write([]byte) (int, error) { return 0, c.err }

// A side that cannot write does not wait for the peer.
func TestWriteFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		broken := errors.New("broken pipe")
		key := number(2)
		for _, initiates := range []bool{true, false} {
			a, b := net.Pipe()
			go b.Write(key[:])
			begin := time.Now()
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			var err error
			if initiates {
				_, err = Encryption{}.Initiate(ctx, writesFail{a, broken}, torrent, nil)
			} else {
				_, err = Encryption{}.Accept(ctx, writesFail{a, broken}, knows)
			}
			cancel()
			require.ErrorIs(t, err, broken)
			require.Zero(t, time.Since(begin))
			a.Close()
			b.Close()
		}
	})
}
