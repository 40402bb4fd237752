package metainfo

import (
	"context"
	"testing"

	"github.com/shoal-bt/shoal/piecehash"
	"github.com/stretchr/testify/require"
)

func TestLanes(t *testing.T) {
	for format, want := range map[Format]int{V1: piecehash.Lanes1(), V2: 1, Hybrid: piecehash.Lanes1()} {
		tor, err := Builder{Format: format, Name: "x"}.Bytes(context.Background(), "x", make([]byte, 100_000))
		require.NoError(t, err)
		require.Equal(t, want, tor.Info.Lanes(), format)
	}
}
