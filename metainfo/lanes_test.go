package metainfo_test

import (
	"context"
	"testing"

	"github.com/shoal-bt/shoal/metainfo"
	"github.com/shoal-bt/shoal/metainfo/builder"
	"github.com/shoal-bt/shoal/piecehash"
	"github.com/stretchr/testify/require"
)

func TestLanes(t *testing.T) {
	for format, want := range map[metainfo.Format]int{metainfo.V1: piecehash.Lanes1(), metainfo.V2: 1, metainfo.Hybrid: piecehash.Lanes1()} {
		tor, err := builder.Options{Format: format, Name: "x"}.Bytes(context.Background(), "x", make([]byte, 100_000))
		require.NoError(t, err)
		require.Equal(t, want, tor.Info.Lanes(), format)
	}
}
