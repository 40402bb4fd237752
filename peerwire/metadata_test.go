package peerwire

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestMetadataOnTheWire(t *testing.T) {
	data := strings.Repeat("x", 3425)
	for _, test := range []struct {
		m    MetadataMessage
		want string
	}{
		{MetadataMessage{Type: MetadataRequest, Piece: 0}, "d8:msg_typei0e5:piecei0ee"},
		{MetadataMessage{Type: MetadataData, TotalSize: 3425, Data: []byte(data)}, "d8:msg_typei1e5:piecei0e10:total_sizei3425ee" + data},
		{MetadataMessage{Type: MetadataReject, Piece: 7}, "d8:msg_typei2e5:piecei7ee"},
	} {
		require.Equal(t, test.want, string(test.m.AppendTo(nil)))
		m, err := ParseMetadata([]byte(test.want))
		require.NoError(t, err)
		require.Equal(t, test.m, m)
	}
}

func TestMetadataIsLenient(t *testing.T) {
	m, err := ParseMetadata([]byte("d5:piecei1e8:msg_typei0e5:otherlee"))
	require.NoError(t, err)
	require.Equal(t, MetadataMessage{Type: MetadataRequest, Piece: 1}, m)
	m, err = ParseMetadata([]byte("d8:msg_typei1e5:piecei0eex"))
	require.NoError(t, err)
	require.Equal(t, MetadataMessage{Type: MetadataData, Data: []byte("x")}, m)
	for _, in := range []string{"d8:msg_typei3ee", "d8:msg_typei-1ee"} {
		m, err = ParseMetadata([]byte(in))
		require.NoError(t, err)
		require.Equal(t, MetadataUnknown, m.Type)
	}
}

func TestMetadataRefuses(t *testing.T) {
	full := strings.Repeat("x", MetadataPieceLen)
	for _, in := range []string{
		"", "le", "de", "d8:msg_type1:0e",
		"d8:msg_typei0ee", "d8:msg_typei0e5:piece1:0e",
		"d8:msg_typei0e5:piecei-1ee",
		"d8:msg_typei0e5:piecei4294967296ee",
		"d8:msg_typei1e5:piecei0ee",
		"d8:msg_typei1e5:piecei0ee" + full + "x",
		"d8:msg_typei1e5:piecei0e10:total_sizei0eex",
		"d8:msg_typei1e5:piecei0e10:total_sizei-1eex",
		"d8:msg_typei1e5:piecei0e10:total_sizei4294967296eex",
		"d8:msg_typei1e5:piecei0e10:total_size1:1ex",
		"d8:msg_typei1e5:piecei0e10:total_sizei2eex",
		"d8:msg_typei1e5:piecei0e10:total_sizei20000eex",
		"d8:msg_typei1e5:piecei1e10:total_sizei16384eex",
		"d8:msg_typei1e5:piecei131071e10:total_sizei1eex",
		"d8:msg_typei1e5:piecei1e10:total_sizei20000ee" + full,
	} {
		_, err := ParseMetadata([]byte(in))
		requireProtocolError(t, err, Extended)
	}
}

func TestMetadataAllocatesNothing(t *testing.T) {
	b := MetadataMessage{Type: MetadataData, TotalSize: MetadataPieceLen, Data: make([]byte, MetadataPieceLen)}.AppendTo(nil)
	out := make([]byte, 0, len(b))
	require.Zero(t, testing.AllocsPerRun(100, func() {
		m, err := ParseMetadata(b)
		if err != nil {
			t.Fatal(err)
		}
		out = m.AppendTo(out[:0])
	}))
}

// FuzzMetadata checks that a parsed message, encoded and parsed again, is the same.
func FuzzMetadata(f *testing.F) {
	f.Add([]byte("d8:msg_typei0e5:piecei0ee"))
	f.Add([]byte("d8:msg_typei1e5:piecei1e10:total_sizei16387eexyz"))
	f.Add([]byte("d8:msg_typei2e5:piecei0ee"))
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := ParseMetadata(b)
		if err != nil || m.Type == MetadataUnknown {
			return
		}
		again, err := ParseMetadata(m.AppendTo(nil))
		if err != nil || !bytes.Equal(m.Data, again.Data) || m.Type != again.Type || m.Piece != again.Piece || m.TotalSize != again.TotalSize {
			t.Fatalf("%+v, again: %+v, %v", m, again, err)
		}
	})
}
