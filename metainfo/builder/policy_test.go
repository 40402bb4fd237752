package builder_test

import (
	"errors"
	"fmt"
	"io/fs"
	"testing"
	"testing/fstest"

	"github.com/shoal-bt/shoal/metainfo"
	"github.com/shoal-bt/shoal/metainfo/builder"
	"github.com/shoal-bt/shoal/metainfo/internal/sample"
	"github.com/stretchr/testify/require"
)

func TestPolicies(t *testing.T) {
	const mib, gib, tib = int64(1) << 20, int64(1) << 30, int64(1) << 40
	for _, test := range []struct {
		p      builder.Policy
		f      metainfo.Format
		length int64
		want   int64
	}{
		{builder.Balanced, metainfo.V1, 1, 512 << 10},
		{builder.Balanced, metainfo.V1, 700 * mib, 512 << 10},
		{builder.Balanced, metainfo.V1, 4 * gib, 4 * mib},
		{builder.Balanced, metainfo.V1, 100 * gib, 16 * mib},
		{builder.FileSize, metainfo.V1, 1, mib},
		{builder.FileSize, metainfo.V1, 4 * gib, 8 * mib},
		{builder.Transfer, metainfo.V1, 1, 16 << 10},
		{builder.Transfer, metainfo.V1, 4 * gib, 2 * mib},
		{builder.Balanced, metainfo.V1, 4 * tib, 32 * mib},
		{builder.Balanced, metainfo.Hybrid, 4 * tib, 64 * mib},
		{builder.Balanced, metainfo.V1, 1 << 62, 512 * mib},
	} {
		require.Equal(t, test.want, test.p.PieceLength(test.length, test.f), "%+v", test)
	}
	require.Equal(t, "v1 v2 hybrid", fmt.Sprint(metainfo.V1, " ", metainfo.V2, " ", metainfo.Hybrid))
}

func TestWhatCannotBeATorrentIsRefusedBeforeItIsRead(t *testing.T) {
	pad := "_____padding_file_0_x"
	files := fstest.MapFS{pad: {Data: []byte("x")}, "f": {Data: []byte("y")}}
	for _, format := range sample.Formats {
		_, err := builder.Options{Format: format, Name: "n"}.FS(t.Context(), files, ".")
		if format == metainfo.V2 {
			require.NoError(t, err, "v2 has no pads")
			continue
		}
		require.ErrorContains(t, err, pad+": clients take a file of this name for padding")
	}
	_, err := builder.Options{PieceLength: 16 << 10, Name: "n"}.FS(t.Context(), huge{fstest.MapFS{"f": {}}}, "f")
	require.ErrorContains(t, err, "too many pieces: 67108864 of 16384 bytes, more than 2097152")
}

// huge says that a file has a terabyte. It must not be opened.
type huge struct{ fs.StatFS }

func (h huge) Stat(string) (fs.FileInfo, error) {
	info, err := h.StatFS.Stat("f")
	return hugeInfo{info}, err
}

func (huge) Open(string) (fs.File, error) { return nil, errors.New("it was opened") }

type hugeInfo struct{ fs.FileInfo }

func (hugeInfo) Size() int64 { return 1 << 40 }
