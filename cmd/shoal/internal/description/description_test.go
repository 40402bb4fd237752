package description

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shoal-bt/shoal/metainfo"
)

// Files are numbered without pads for people, and indexed with them for links.
func TestFilesAreNumbered(t *testing.T) {
	v := OfTorrent(&metainfo.Torrent{Info: &metainfo.Info{Name: "al\nbum", PieceLength: 1 << 14, Entries: []metainfo.File{
		{Path: "al\nbum/a", Length: 2000}, {Path: "al\nbum/.pad/1", Pad: true}, {Path: "al\nbum/b"},
	}}})
	require.Equal(t, [][2]int{{0, 1}, {1, 0}, {2, 2}}, [][2]int{{v.Files[0].Index, v.Files[0].Number}, {v.Files[1].Index, v.Files[1].Number}, {v.Files[2].Index, v.Files[2].Number}})
	var lines []string
	v.ShowFiles(func(format string, args ...any) { lines = append(lines, fmt.Sprintf(format, args...)) })
	require.Equal(t, "al\\nbum\n     1     2.0 KiB  al\\nbum/a\n     2         0 B  al\\nbum/b", strings.Join(lines, "\n"))
}

func TestSelectionOfALink(t *testing.T) {
	m, err := metainfo.ParseMagnet("magnet:?xt=urn:btih:" + strings.Repeat("1", 40) + "&so=0,2,4-6")
	require.NoError(t, err)
	v := OfMagnet(m)
	require.Equal(t, []string{"0", "2", "4-6"}, v.Select)
	var text strings.Builder
	v.Show(func(format string, args ...any) { fmt.Fprintf(&text, format+"\n", args...) })
	require.Contains(t, text.String(), "\n  select       0, 2, 4-6 (files to download, counted from 0)\n")
}
