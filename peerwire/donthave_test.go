package peerwire

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestDontHave(t *testing.T) {
	b := AppendDontHave([]byte("head"), 258)
	require.Equal(t, "head\x00\x00\x01\x02", string(b))
	for _, pieces := range []int{259, -1} {
		i, err := ParseDontHave(b[4:], pieces)
		require.NoError(t, err)
		require.Equal(t, 258, i)
	}
	_, err := ParseDontHave(b[4:], 258)
	requireProtocolError(t, err, Extended)
	_, err = ParseDontHave([]byte{0xff, 0xff, 0xff, 0xff}, -1)
	requireProtocolError(t, err, Extended)
	for _, b := range [][]byte{nil, {0, 0, 0}, {0, 0, 0, 0, 0}} {
		_, err := ParseDontHave(b, -1)
		requireProtocolError(t, err, Extended)
	}
}
