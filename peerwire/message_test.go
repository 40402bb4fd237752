package peerwire

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shoal-bt/shoal/swarm"
)

func TestMessagesOnTheWire(t *testing.T) {
	for _, test := range []struct {
		m    Message
		want string
	}{
		{Message{Kind: KeepAlive}, "\x00\x00\x00\x00"},
		{Message{Kind: Unchoke}, "\x00\x00\x00\x01\x01"},
		{Message{Kind: Have, Piece: 258}, "\x00\x00\x00\x05\x04\x00\x00\x01\x02"},
		{Message{Kind: Bitfield, Data: []byte{0x80}}, "\x00\x00\x00\x02\x05\x80"},
		{Message{Kind: Request, Block: swarm.Block{Piece: 1, Begin: 2, Length: 3}},
			"\x00\x00\x00\x0d\x06\x00\x00\x00\x01\x00\x00\x00\x02\x00\x00\x00\x03"},
		{Message{Kind: Piece, Block: swarm.Block{Piece: 1, Begin: 2, Length: 2}, Data: []byte("xy")},
			"\x00\x00\x00\x0b\x07\x00\x00\x00\x01\x00\x00\x00\x02xy"},
		{Message{Kind: Cancel, Block: swarm.Block{Piece: 1, Begin: 2, Length: 3}},
			"\x00\x00\x00\x0d\x08\x00\x00\x00\x01\x00\x00\x00\x02\x00\x00\x00\x03"},
		{Message{Kind: Port, Port: 0x1ae1}, "\x00\x00\x00\x03\x09\x1a\xe1"},
		{Message{Kind: Suggest, Piece: 1}, "\x00\x00\x00\x05\x0d\x00\x00\x00\x01"},
		{Message{Kind: HaveAll}, "\x00\x00\x00\x01\x0e"},
		{Message{Kind: HaveNone}, "\x00\x00\x00\x01\x0f"},
		{Message{Kind: Reject, Block: swarm.Block{Piece: 1, Begin: 2, Length: 3}},
			"\x00\x00\x00\x0d\x10\x00\x00\x00\x01\x00\x00\x00\x02\x00\x00\x00\x03"},
		{Message{Kind: AllowedFast, Piece: 1}, "\x00\x00\x00\x05\x11\x00\x00\x00\x01"},
		{Message{Kind: Extended, ExtID: 3, Data: []byte("de")}, "\x00\x00\x00\x04\x14\x03de"},
	} {
		require.Equal(t, "head"+test.want, string(test.m.AppendTo([]byte("head"))), test.m.Kind)
		require.Equal(t, len(test.want), test.m.Len(), test.m.Kind)
	}
}

func TestAppendPieceHeader(t *testing.T) {
	b := swarm.Block{Piece: 1, Begin: 2, Length: 3}
	header := AppendPieceHeader(nil, b)
	require.Len(t, header, PieceHeaderLen)
	require.Equal(t, Message{Kind: Piece, Block: b, Data: []byte("abc")}.AppendTo(nil), append(header, "abc"...))
}

func TestKindNames(t *testing.T) {
	require.Equal(t, "not interested", NotInterested.String())
	require.Equal(t, "keep-alive", KeepAlive.String())
	require.Equal(t, "unknown message", Unknown.String())
	require.Equal(t, "message 99", Kind(99).String())
	require.Equal(t, "message 10", Kind(10).String())
}
