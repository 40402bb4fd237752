package pieces

import (
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestBlame(t *testing.T) {
	honest, liar := newSender(1), newSender(2)
	var b Blame
	require.False(t, b.Record(wrongPiece(t, honest), nil), "without hashes")
	require.True(t, b.Record(wrongPiece(t, honest, liar), []uint64{1, 99}))
	require.True(t, b.Has(0))
	require.Equal(t, 1, b.Len())
	require.True(t, b.Suspects(liar.Addr.Addr()))
	require.False(t, b.Suspects(newSender(3).Addr.Addr()))
	liars, senders := b.Settle(0, []uint64{1, 2})
	require.Equal(t, []*Sender{liar}, liars)
	require.Equal(t, []*Sender{honest, liar}, senders)
	require.Zero(t, b.Len())
	liars, senders = b.Settle(0, nil)
	require.Empty(t, liars)
	require.Empty(t, senders)
}

func TestHaveOneAddress(t *testing.T) {
	again := newSender(1)
	again.Addr = netip.AddrPortFrom(netip.AddrFrom16(again.Addr.Addr().As16()), 7000)
	require.True(t, HaveOneAddress([]*Sender{newSender(1), again}))
	require.False(t, HaveOneAddress([]*Sender{newSender(1), newSender(2)}))
}
