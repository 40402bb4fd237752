package protocol

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/shoal-bt/shoal/peerwire"
	"github.com/shoal-bt/shoal/protocol/ending"
	"github.com/shoal-bt/shoal/swarm"
	"github.com/stretchr/testify/require"
)

// One turn may take in a whole connection. A connection is accepted before it is closed,
// and a peer that is being closed gets nothing.
func TestConnectionThatComesAndGoesInOneTurn(t *testing.T) {
	for name, test := range map[string]struct {
		inputs []Input
		want   []string
		out    []swarm.Peer
	}{
		"it breaks a rule": {
			[]Input{&Received{Peer: 1, Messages: []peerwire.Message{{Kind: peerwire.Extended, Data: []byte("l")}}}},
			[]string{"accept 1", "hangup 1"}, nil,
		},
		"a user removes it": {
			[]Input{Disconnect{address(1)}},
			[]string{"accept 1", "hangup 1"}, nil,
		},
		"a second connection to it": {
			[]Input{joining(2, "a", 2, false)},
			[]string{"accept 1", "hangup 2"}, []swarm.Peer{1},
		},
		"a second connection to it, which is to stay": {
			[]Input{joining(2, "a", 1, true)},
			[]string{"accept 1", "hangup 1", "accept 2"}, []swarm.Peer{2},
		},
		"the torrent is closed": {
			[]Input{Close{}, joining(2, "p2", 2, false)},
			[]string{"accept 1", "hangup 1", "hangup 2"}, nil,
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, []string{"have", "1000"})
			w.happen(Start{})
			s := w.s
			s.Apply(w.now, joining(1, "a", 1, false))
			for _, in := range test.inputs {
				s.Apply(w.now, in)
			}
			turn := s.Settle(w.now)
			var got []string
			for _, e := range turn.Effects {
				switch e := e.(type) {
				case Accept:
					got = append(got, fmt.Sprint("accept ", e.Peer))
				case Hangup:
					got = append(got, fmt.Sprint("hangup ", e.Peer))
				}
			}
			require.Equal(t, test.want, got)
			var out []swarm.Peer
			for _, o := range turn.Out {
				out = append(out, o.Peer)
			}
			require.Equal(t, test.out, out)
		})
	}
}

// joining is a handshake that a peer has done.
func joining(id swarm.Peer, name string, at int, outgoing bool) Joined {
	return Joined{Peer: id, Addr: address(at), ID: peerID(name), Outgoing: outgoing, Tally: new(Tally)}
}

// A call that was answered before Forget came in the same turn gets its Answer all the
// same, once; the caller has to expect that.
func TestForgetInTheTurnOfTheAnswer(t *testing.T) {
	w := newWorld(t, []string{"have", "1111"})
	w.happen(Start{})
	w.s.Apply(w.now, Await{7, -1})
	w.s.Apply(w.now, Forget{7})
	require.Equal(t, []Effect{Answer{Ticket: 7}}, w.s.Settle(w.now).Effects)
	w.s.Apply(w.now, Pause{})
	w.s.Apply(w.now.Add(time.Second), Close{})
	require.NotContains(t, w.s.Settle(w.now).Effects, Answer{Ticket: 7, Err: ErrClosed})
}

// A peer that was said that we have nothing gets a HAVE for each piece, if there are not too
// many. Otherwise its address may be dialed again at once.
func TestGreetedPeerOfManyPieces(t *testing.T) {
	for _, test := range []struct {
		pieces int
		kept   bool
	}{{maxGreetedHaves, true}, {maxGreetedHaves + 1, false}} {
		w := newWorld(t, []string{"piece", "1b", "length", fmt.Sprintf("%db", test.pieces), "have", strings.Repeat("1", test.pieces)})
		w.happen(Start{})
		w.happen(Found{Addrs: []swarm.Address{{AddrPort: address(1)}}})
		e := joining(1, "a", 1, true)
		e.Greeted = true
		w.s.Apply(w.now, e)
		turn := w.s.Settle(w.now)
		if !test.kept {
			require.Contains(t, turn.Effects, Effect(Hangup{Peer: 1, Why: ending.ErrGreeted}))
			require.Equal(t, w.now.Add(time.Second), w.s.book.RetryAt(address(1)))
			continue
		}
		require.Len(t, turn.Out, 1)
		require.Len(t, turn.Out[0].Bytes, 9*test.pieces)
	}
}
