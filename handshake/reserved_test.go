package handshake

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestReservedBitPositions(t *testing.T) {
	require.Equal(t, Reserved{5: 0x10}, Bits(Extended), "BEP 10: reserved_byte[5] & 0x10")
	require.Equal(t, Reserved{7: 0x04}, Bits(Fast), "BEP 6: reserved[7] |= 0x04")
	require.Equal(t, Reserved{7: 0x01}, Bits(DHT), "BEP 5: the last bit")
	require.Equal(t, Reserved{7: 0x10}, Bits(V2), "BEP 52: the 4th most significant bit of the last byte")
}

func TestReservedSets(t *testing.T) {
	r := Bits(Extended, Fast)
	require.True(t, r.Has(Extended))
	require.False(t, r.Has(DHT))
	require.Equal(t, Bits(Fast), r.Without(Extended))
	require.Equal(t, Bits(Extended, Fast), r, "methods change nothing")
	require.Equal(t, Bits(Extended, Fast, DHT), r.Union(Bits(DHT)))
	require.Equal(t, Bits(Fast), r.Intersect(Bits(Fast, DHT)))
	require.Equal(t, "bit 0, extended, fast, dht, v2", Bits(0, Extended, Fast, DHT).String()+", "+V2.String())
	require.Empty(t, Reserved{}.String())
}
