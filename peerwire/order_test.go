package peerwire

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestOrder(t *testing.T) {
	for _, first := range []Kind{Bitfield, HaveAll, HaveNone} {
		var o Order
		for _, k := range []Kind{KeepAlive, Extended, Port, Unknown, first, Have, Extended} {
			require.NoError(t, o.Check(Message{Kind: k}), k)
		}
		for _, k := range []Kind{Bitfield, HaveAll, HaveNone} {
			requireProtocolError(t, o.Check(Message{Kind: k}), k)
		}
		require.NoError(t, o.Check(Message{Kind: Have}))
	}
	for _, before := range []Kind{Unchoke, Interested, Have, Request, Piece, AllowedFast} {
		var o Order
		require.NoError(t, o.Check(Message{Kind: before}))
		requireProtocolError(t, o.Check(Message{Kind: Bitfield}), Bitfield)
	}
}
