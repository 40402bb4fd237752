package handshake

import (
	"context"
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

var (
	dialing   = Handshake{Reserved: Bits(Fast), InfoHash: [20]byte{1}, PeerID: [20]byte{'d'}}
	answering = Handshake{Reserved: Bits(DHT), PeerID: [20]byte{'a'}}
)

// answer returns answering for the info hash of dialing, else errUnknown.
func answer(theirs Handshake) (Handshake, error) {
	if theirs.InfoHash != dialing.InfoHash {
		return Handshake{}, errUnknown
	}
	return answering, nil
}

var errUnknown = errors.New("unknown swarm")

type result struct {
	h   Handshake
	err error
}

// exchangeBoth runs Initiate and Accept against each other over a pipe.
func exchangeBoth(t *testing.T, ours Handshake, initiating, accepting Options) (initiated, accepted result) {
	a, b := net.Pipe()
	done := make(chan result)
	go func() {
		h, err := Accept(t.Context(), b, answer, accepting)
		if err != nil {
			b.Close()
		}
		done <- result{h, err}
	}()
	h, err := Initiate(t.Context(), a, ours, initiating)
	a.Close()
	accepted = <-done
	b.Close()
	return result{h, err}, accepted
}

func TestExchange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		initiated, accepted := exchangeBoth(t, dialing, Options{}, Options{})
		require.NoError(t, initiated.err)
		require.NoError(t, accepted.err)
		want := answering
		want.Protocol, want.InfoHash = Protocol, dialing.InfoHash
		require.Equal(t, want, initiated.h)
		want = dialing
		want.Protocol = Protocol
		require.Equal(t, want, accepted.h)
	})
}

func TestExchangeOfAnotherProtocol(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ours := dialing
		ours.Protocol = "other"
		initiated, accepted := exchangeBoth(t, ours, Options{}, Options{Protocols: []string{Protocol, "other"}})
		require.NoError(t, initiated.err)
		require.NoError(t, accepted.err)
		require.Equal(t, "other", initiated.h.Protocol)

		initiated, accepted = exchangeBoth(t, ours, Options{}, Options{})
		var wrong *ProtocolError
		require.ErrorAs(t, accepted.err, &wrong)
		require.Error(t, initiated.err)
	})
}

func TestAcceptOfUnknownSwarm(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ours := dialing
		ours.InfoHash = [20]byte{2}
		initiated, accepted := exchangeBoth(t, ours, Options{}, Options{})
		require.ErrorIs(t, accepted.err, errUnknown)
		require.Error(t, initiated.err, "Accept sends no answer")
	})
}

func TestExchangeWithOurselves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ours := dialing
		ours.PeerID = answering.PeerID
		initiated, accepted := exchangeBoth(t, ours, Options{}, Options{})
		require.ErrorIs(t, accepted.err, ErrSelf)
		require.ErrorIs(t, initiated.err, ErrSelf, "who dialed must not take it for a peer that hung up")

		a, b := net.Pipe()
		go serve(b, dialing.AppendTo(nil))
		_, err := Initiate(t.Context(), a, dialing, Options{})
		require.ErrorIs(t, err, ErrSelf)
		a.Close()
		b.Close()
	})
}

// serve reads what Initiate sends to b, and writes s.
func serve(b net.Conn, s []byte) {
	io.ReadFull(b, make([]byte, Len))
	b.Write(s)
}

func TestInitiateRefusesAnotherSwarm(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v2 := Handshake{Reserved: Bits(V2), InfoHash: [20]byte{2}, PeerID: [20]byte{'a'}}
		for _, test := range []struct {
			reserved Reserved
			upgrade  [20]byte
			err      error
		}{
			{Bits(V2), [20]byte{}, ErrInfoHash},
			{Reserved{}, v2.InfoHash, ErrInfoHash},
			{Bits(V2), v2.InfoHash, nil},
		} {
			a, b := net.Pipe()
			go serve(b, v2.AppendTo(nil))
			ours := dialing
			ours.Reserved = test.reserved
			got, err := Initiate(t.Context(), a, ours, Options{Upgrade: test.upgrade})
			require.ErrorIs(t, err, test.err)
			if err == nil {
				require.Equal(t, v2.InfoHash, got.InfoHash)
			}
			a.Close()
			b.Close()
		}
	})
}

func TestBytesAfterTheHandshakeAreKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := dialing
		h.PeerID = [20]byte{'b'}
		const rest = "\x00\x00\x00\x01\x02"
		packet := append(h.AppendTo(nil), rest...)

		a, b := net.Pipe()
		go func() {
			serve(b, packet)
			b.Close()
		}()
		_, err := Initiate(t.Context(), a, dialing, Options{})
		require.NoError(t, err)
		got, err := io.ReadAll(a)
		require.NoError(t, err)
		require.Equal(t, rest, string(got))

		a, b = net.Pipe()
		go func() {
			go io.ReadFull(b, make([]byte, Len))
			b.Write(packet)
			b.Close()
		}()
		_, err = Accept(t.Context(), a, answer, Options{})
		require.NoError(t, err)
		got, err = io.ReadAll(a)
		require.NoError(t, err)
		require.Equal(t, rest, string(got))
	})
}

// Some peers send their peer id only after they have received ours.
func TestAcceptAnswersBeforeThePeerIDArrives(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := net.Pipe()
		defer b.Close()
		go func() {
			whole := dialing.AppendTo(nil)
			b.Write(whole[:48])
			io.ReadFull(b, make([]byte, Len))
			b.Write(whole[48:])
		}()
		theirs, err := Accept(t.Context(), a, answer, Options{})
		require.NoError(t, err)
		require.Equal(t, dialing.PeerID, theirs.PeerID)
	})
}

// A slow peer does not get more time by sending single bytes.
// An unwritable is a connection whose writes fail.
type unwritable struct{ net.Conn }

var errUnwritable = errors.New("it cannot be written")

func (unwritable) Write([]byte) (int, error) { return 0, errUnwritable }

// If the answer cannot be written, that is the error, whether or not the rest of the
// peer's handshake arrives. Waiting for it ends.
func TestAcceptReportsThatItCannotWrite(t *testing.T) {
	whole := dialing.AppendTo(nil)
	for name, sent := range map[string][]byte{"all arrives": whole, "the peer id does not arrive": whole[:Len-20]} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a, b := net.Pipe()
				defer a.Close()
				defer b.Close()
				go a.Write(sent)
				start := time.Now()
				_, err := Accept(t.Context(), unwritable{b}, answer, Options{})
				require.ErrorIs(t, err, errUnwritable)
				require.Zero(t, time.Since(start))
			})
		})
	}
}

// If the peer's handshake is wrong, that is the error, and not that writing was ended.
func TestAcceptReportsWhatIsWrongWithThePeer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := net.Pipe()
		defer b.Close()
		go func() {
			a.Write(dialing.AppendTo(nil)[:Len-20])
			a.Close() // without reading the answer
		}()
		_, err := Accept(t.Context(), b, answer, Options{})
		require.ErrorIs(t, err, io.ErrUnexpectedEOF)
	})
}

func TestTimeoutIsForTheWholeExchange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := net.Pipe()
		defer b.Close()
		go func() {
			for _, c := range dialing.AppendTo(nil) {
				time.Sleep(time.Second)
				if _, err := b.Write([]byte{c}); err != nil {
					return
				}
			}
		}()
		began := time.Now()
		_, err := Accept(t.Context(), a, answer, Options{})
		require.ErrorIs(t, err, os.ErrDeadlineExceeded)
		require.Equal(t, 10*time.Second, time.Since(began))
		a.Close()
		time.Sleep(2 * time.Second) // the writer gets its error
	})
}

func TestTimeoutOfASilentPeer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := net.Pipe()
		defer a.Close()
		defer b.Close()
		began := time.Now()
		_, err := Initiate(t.Context(), a, dialing, Options{Timeout: 3 * time.Second})
		require.ErrorIs(t, err, os.ErrDeadlineExceeded)
		require.Equal(t, 3*time.Second, time.Since(began))
	})
}

func TestContextEndsTheExchange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stopped := errors.New("stopped")
		for _, timeout := range []time.Duration{0, -1} {
			ctx, cancel := context.WithCancelCause(t.Context())
			time.AfterFunc(time.Second, func() { cancel(stopped) })
			a, b := net.Pipe()
			began := time.Now()
			_, err := Accept(ctx, a, answer, Options{Timeout: timeout})
			require.ErrorIs(t, err, stopped)
			require.Equal(t, time.Second, time.Since(began))
			_, err = Accept(ctx, a, answer, Options{Timeout: timeout})
			require.ErrorIs(t, err, stopped, "the context was done before the call")
			a.Close()
			b.Close()
		}
	})
}

func TestDeadlineIsClearedAfterwards(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := net.Pipe()
		defer a.Close()
		defer b.Close()
		go Accept(t.Context(), b, answer, Options{})
		ctx, cancel := context.WithCancel(t.Context())
		_, err := Initiate(ctx, a, dialing, Options{})
		require.NoError(t, err)
		cancel()
		go func() {
			time.Sleep(time.Minute)
			b.Write([]byte{1})
		}()
		_, err = a.Read(make([]byte, 1))
		require.NoError(t, err)
	})
}

func TestFiltersBlockPeers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		block := func(f func(Candidate) bool) *Filters {
			var s Filters
			s.Add(func(c Candidate) Decision {
				if f(c) {
					return Block
				}
				return Pass
			})
			return &s
		}
		for name, f := range map[string]func(Candidate) bool{
			"immediately": func(c Candidate) bool { return true },
			"info hash":   func(c Candidate) bool { return c.Known.Has(InfoHash) },
			"reserved":    func(c Candidate) bool { return c.Known.Has(ReservedBits) },
			"peer id":     func(c Candidate) bool { return c.Known.Has(PeerID) },
			"any peer id": func(c Candidate) bool { return c.Handshake.PeerID != [20]byte{} },
		} {
			_, accepted := exchangeBoth(t, dialing, Options{}, Options{Filters: block(f)})
			require.ErrorIs(t, accepted.err, ErrBlocked, name)
			initiated, _ := exchangeBoth(t, dialing, Options{Filters: block(f)}, Options{})
			require.ErrorIs(t, initiated.err, ErrBlocked, name)
		}

		// An Allow by peer id overrides a Block that was decided before.
		s := block(func(c Candidate) bool { return true })
		s.Add(ByPeerID(func(id [20]byte) Decision {
			if id == dialing.PeerID {
				return Allow
			}
			return Pass
		}))
		_, accepted := exchangeBoth(t, dialing, Options{}, Options{Filters: s})
		require.NoError(t, accepted.err)
		other := dialing
		other.PeerID = [20]byte{'o'}
		_, accepted = exchangeBoth(t, other, Options{}, Options{Filters: s})
		require.ErrorIs(t, accepted.err, ErrBlocked)
	})
}

func TestAddrPortOfConnections(t *testing.T) {
	want := netip.MustParseAddrPort("192.0.2.1:6881")
	mapped := net.TCPAddrFromAddrPort(netip.MustParseAddrPort("[::ffff:192.0.2.1]:6881"))
	require.Equal(t, want, addrPort(mapped))
	require.Equal(t, want, addrPort(named("192.0.2.1:6881")))
	require.False(t, addrPort(named("pipe")).IsValid())
	require.False(t, addrPort(nil).IsValid())
}

// named is a net.Addr that has only a text.
type named string

func (named) Network() string  { return "test" }
func (n named) String() string { return string(n) }
