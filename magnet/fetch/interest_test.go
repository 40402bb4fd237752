package fetch

import (
	"crypto/sha1"
	"slices"
	"testing"
	"time"

	"github.com/shoal-bt/shoal/peerwire"
	"github.com/shoal-bt/shoal/swarm"
	"github.com/stretchr/testify/require"
)

// A peer that has pieces hears that we are interested once all of the metadata is requested.
func TestInterested(t *testing.T) {
	small, long := randomInfo(5000), randomInfo(400_000)
	has := peerwire.Message{Kind: peerwire.HaveAll}
	for _, test := range []struct {
		name       string
		info       []byte
		interested bool
		sent       []peerwire.Message // after each of them the turn ends
		want       bool
	}{
		{"a seed", small, true, []peerwire.Message{has, hello(3, len(small))}, true},
		{"its bitfield comes late", small, true, []peerwire.Message{hello(3, len(small)), {Kind: peerwire.Have, Piece: 2}}, true},
		{"a bitfield", small, true, []peerwire.Message{{Kind: peerwire.Bitfield, Data: []byte{4}}, hello(3, len(small))}, true},
		{"an empty bitfield", small, true, []peerwire.Message{{Kind: peerwire.Bitfield, Data: []byte{0}}, hello(3, len(small))}, false},
		{"nothing", small, true, []peerwire.Message{{Kind: peerwire.HaveNone}, hello(3, len(small))}, false},
		{"no metadata", small, true, []peerwire.Message{has, hello(0, 0)}, false},
		{"metadata is left to request", long, true, []peerwire.Message{has, hello(3, len(long))}, false},
		{"only the metadata is wanted", small, false, []peerwire.Message{has, hello(3, len(small))}, false},
	} {
		now := time.Unix(1e9, 0)
		s := New(Config{HashV1: sha1.Sum(test.info), Interested: test.interested})
		s.Join(now, Joined{Peer: 1, Addr: addrOf(1), Fast: true, Extended: true})
		heard := 0
		for _, m := range append(test.sent, peerwire.Message{Kind: peerwire.KeepAlive}) {
			s.Receive(now, 1, m)
			for _, send := range s.Settle(now).Send {
				heard += count(t, send.Bytes, peerwire.Interested)
			}
		}
		require.Equal(t, test.want, heard == 1, test.name)
		require.LessOrEqual(t, heard, 1, test.name)
		require.Equal(t, test.want, s.Interested(1), test.name)
	}
	require.False(t, New(Config{}).Interested(swarm.Peer(7)))
}

// count returns how many messages are of a kind.
func count(t *testing.T, b []byte, k peerwire.Kind) (n int) {
	t.Helper()
	d := peerwire.NewDecoder(peerwire.Limits{Fast: true})
	for b = slices.Clone(b); len(b) > 0; {
		m, length, _, err := d.Decode(b)
		require.NoError(t, err)
		require.NotZero(t, length)
		b = b[length:]
		if m.Kind == k {
			n++
		}
	}
	return n
}
