package udpmux

import (
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// inBubble runs a test with a Mux of a fakeSocket, which is closed at the end.
func inBubble(t *testing.T, c Config, test func(t *testing.T, s *fakeSocket, m *Mux)) {
	synctest.Test(t, func(t *testing.T) {
		s := newFakeSocket()
		m := New(s, c)
		test(t, s, m)
		m.Close()
		require.NoError(t, m.Close())
	})
}

func openUser(t *testing.T, m *Mux, claim Claim) *Conn {
	t.Helper()
	c, err := m.Open(claim)
	require.NoError(t, err)
	return c
}

// readAll returns what waits for a user.
func readAll(t *testing.T, c *Conn) (all []string) {
	t.Helper()
	synctest.Wait()
	require.NoError(t, c.SetReadDeadline(time.Now().Add(time.Nanosecond)))
	defer c.SetReadDeadline(time.Time{})
	b := make([]byte, 1<<16)
	for {
		n, from, err := c.ReadFrom(b)
		if err != nil {
			require.ErrorIs(t, err, os.ErrDeadlineExceeded)
			return all
		}
		require.Equal(t, somebody.String(), from.String())
		all = append(all, string(b[:n]))
	}
}

// TestFirstClaim gives each datagram to the first who claims it.
func TestFirstClaim(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, s *fakeSocket, m *Mux) {
		s.deliver("a0")
		synctest.Wait()
		one := openUser(t, m, begins("a"))
		two := openUser(t, m, begins("ab"))
		s.deliver("a1", "b1", "c1", "")
		require.Equal(t, []string{"a1"}, readAll(t, one))
		require.Equal(t, []string{"b1"}, readAll(t, two))
		require.EqualValues(t, 3, m.Unclaimed())
		others := openUser(t, m, nil)
		s.deliver("c2", "")
		require.Equal(t, []string{"c2", ""}, readAll(t, others))

		// Who leaves makes way for the next, and for somebody new.
		require.NoError(t, one.Close())
		s.deliver("a2")
		require.Equal(t, []string{"a2"}, readAll(t, two))
		require.NoError(t, two.Close())
		s.deliver("a3")
		require.Equal(t, []string{"a3"}, readAll(t, others))
		require.NoError(t, others.Close())
		again := openUser(t, m, begins("a"))
		s.deliver("a4")
		require.Equal(t, []string{"a4"}, readAll(t, again))
		received, dropped := again.Stats()
		require.EqualValues(t, 1, received)
		require.Zero(t, dropped)
		require.EqualValues(t, 3, m.Unclaimed())
	})
}

// TestFullQueue: one user's flood costs no other a datagram, and bounded memory.
func TestFullQueue(t *testing.T) {
	for _, test := range []struct {
		name   string
		config Config
		flood  string
		kept   int
	}{
		{"of datagrams", Config{MaxDatagrams: 10}, "flood", 10},
		{"of bytes", Config{MaxBytes: 50_000}, "f" + strings.Repeat("x", 9999), 5},
		{"by default", Config{}, "f", 512},
		{"by default, of bytes", Config{}, "f" + strings.Repeat("x", 1<<14-1), 64},
		{"no limit", Config{MaxDatagrams: -1, MaxBytes: -1}, "f" + strings.Repeat("x", 9999), 1000},
	} {
		t.Run(test.name, func(t *testing.T) {
			inBubble(t, test.config, func(t *testing.T, s *fakeSocket, m *Mux) {
				one, two := openUser(t, m, begins("f")), openUser(t, m, begins("b"))
				for range 1000 {
					s.deliver(test.flood)
				}
				s.deliver("b")
				require.Equal(t, []string{"b"}, readAll(t, two))
				got := readAll(t, one)
				require.Len(t, got, test.kept)
				require.Equal(t, test.flood, got[0])
				_, dropped := one.Stats()
				require.EqualValues(t, 1000-test.kept, dropped)
				s.deliver(test.flood)
				require.Len(t, readAll(t, one), 1, "there is room again")
			})
		})
	}
}

// TestShortRead loses what does not fit, as a socket does.
func TestShortRead(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, s *fakeSocket, m *Mux) {
		c := openUser(t, m, nil)
		s.deliver("abcdef", "ghi", strings.Repeat("x", 5000))
		b := make([]byte, 4)
		n, from, err := c.ReadFromUDPAddrPort(b)
		require.NoError(t, err)
		require.Equal(t, "abcd", string(b[:n]))
		require.Equal(t, somebody, from)
		require.Equal(t, []string{"ghi", strings.Repeat("x", 5000)}, readAll(t, c))
	})
}

// TestWrite goes straight to the socket.
func TestWrite(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, s *fakeSocket, m *Mux) {
		c := openUser(t, m, nil)
		n, err := c.WriteTo([]byte("one"), net.UDPAddrFromAddrPort(somebody))
		require.NoError(t, err)
		require.Equal(t, 3, n)
		_, err = c.WriteToUDPAddrPort([]byte("two"), somebody)
		require.NoError(t, err)
		require.Equal(t, []string{"one to 192.0.2.7:6881", "two to 192.0.2.7:6881"}, s.take())
		require.Equal(t, somebody.String(), c.LocalAddr().String())
	})
}

// TestDeadlines are of one user alone, and hold for calls under way.
func TestDeadlines(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, s *fakeSocket, m *Mux) {
		one, two := openUser(t, m, begins("a")), openUser(t, m, begins("b"))
		start := time.Now()
		result := make(chan error)
		read := func(c *Conn) {
			_, _, err := c.ReadFrom(make([]byte, 10))
			result <- err
		}
		requireTimeout := func(err error, after time.Duration) {
			t.Helper()
			var timeout net.Error
			require.ErrorIs(t, err, os.ErrDeadlineExceeded)
			require.ErrorAs(t, err, &timeout)
			require.True(t, timeout.Timeout())
			require.Equal(t, after, time.Since(start))
		}
		require.NoError(t, one.SetReadDeadline(start.Add(3*time.Second)))
		go read(one)
		requireTimeout(<-result, 3*time.Second)
		go read(one)
		requireTimeout(<-result, 3*time.Second)
		s.deliver("a")
		go read(one)
		requireTimeout(<-result, 3*time.Second) // also if something waits

		require.NoError(t, one.SetReadDeadline(time.Time{}))
		go read(one)
		require.NoError(t, <-result)
		go read(one)
		go read(two)
		time.Sleep(time.Second)
		require.NoError(t, one.SetReadDeadline(time.Unix(1, 0)))
		requireTimeout(<-result, 4*time.Second)
		require.NoError(t, one.SetDeadline(start.Add(time.Hour)))
		require.NoError(t, one.SetDeadline(start.Add(5*time.Second)))
		go read(one)
		requireTimeout(<-result, 5*time.Second)
		_, err := one.WriteTo(nil, net.UDPAddrFromAddrPort(somebody))
		requireTimeout(err, 5*time.Second)
		require.NoError(t, one.SetWriteDeadline(time.Now().Add(time.Second)))
		_, err = one.WriteToUDPAddrPort(nil, somebody)
		require.NoError(t, err)
		s.deliver("b")
		require.NoError(t, <-result, "the other one still waits")
	})
}

// TestClose ends reads and writes, of one or of all.
func TestClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newFakeSocket()
		m := New(s, Config{})
		one, two := openUser(t, m, begins("a")), openUser(t, m, begins("b"))
		result := make(chan error)
		read := func(c *Conn) {
			_, _, err := c.ReadFrom(make([]byte, 10))
			result <- err
		}
		go read(one)
		synctest.Wait()
		require.NoError(t, one.Close())
		require.ErrorIs(t, <-result, net.ErrClosed)
		require.NoError(t, one.Close())
		_, err := one.WriteTo(nil, nil)
		require.ErrorIs(t, err, net.ErrClosed)
		_, err = two.WriteTo([]byte("x"), net.UDPAddrFromAddrPort(somebody))
		require.NoError(t, err)

		go read(two)
		synctest.Wait()
		require.ErrorIs(t, m.Close(), os.ErrPermission, "what the socket says")
		require.ErrorIs(t, <-result, net.ErrClosed)
		_, err = two.WriteToUDPAddrPort(nil, somebody)
		require.ErrorIs(t, err, net.ErrClosed)
		require.NoError(t, two.Close())
		require.NoError(t, m.Close())
		_, err = m.Open(nil)
		require.ErrorIs(t, err, net.ErrClosed)
	})
}

// TestSocketFails: each user gets what waits for it, and then the error.
func TestSocketFails(t *testing.T) {
	broken := errors.New("the network is down")
	inBubble(t, Config{}, func(t *testing.T, s *fakeSocket, m *Mux) {
		c := openUser(t, m, nil)
		s.fail(broken, 100)
		s.deliver("a") // a few errors do not matter
		s.fail(broken, 101)
		b := make([]byte, 10)
		n, _, err := c.ReadFrom(b)
		require.NoError(t, err)
		require.Equal(t, "a", string(b[:n]))
		for range 2 {
			_, _, err = c.ReadFrom(b)
			require.ErrorIs(t, err, broken)
			require.ErrorIs(t, err, net.ErrClosed, "it makes no sense to try again")
		}
		late := openUser(t, m, nil)
		_, _, err = late.ReadFrom(b)
		require.ErrorIs(t, err, broken)
	})
}

// TestConcurrent is for the race detector.
func TestConcurrent(t *testing.T) {
	socket, err := net.ListenPacket("udp4", "127.0.0.1:0")
	require.NoError(t, err)
	m := New(socket, Config{})
	to := socket.LocalAddr().(*net.UDPAddr).AddrPort()
	done := make(chan error)
	const users, each = 4, 50
	for i := range users {
		letter := fmt.Sprint(i)
		go func() {
			for range each {
				c, err := m.Open(begins(letter))
				if err != nil {
					done <- err
					return
				}
				c.WriteToUDPAddrPort([]byte(letter), to)
				c.SetDeadline(time.Now().Add(time.Minute))
				b := make([]byte, 10)
				n, from, err := c.ReadFromUDPAddrPort(b)
				if err != nil || from != to || string(b[:n]) != letter {
					done <- fmt.Errorf("read %q from %v: %w", b[:n], from, err)
					return
				}
				c.WriteTo([]byte(letter), net.UDPAddrFromAddrPort(to))
				_, _, err = c.ReadFrom(b)
				if err != nil {
					done <- err
					return
				}
				c.Close()
			}
			done <- nil
		}()
	}
	for range users {
		require.NoError(t, <-done)
	}
	require.NoError(t, m.Close())
}
