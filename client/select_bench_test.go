package client

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shoal-bt/shoal/metainfo"
)

// manyFiles returns a torrent of n files of 1,000 bytes.
func manyFiles(tb testing.TB, n int) *metainfo.Info {
	tb.Helper()
	var b bytes.Buffer
	b.WriteString("d5:filesl")
	for i := range n {
		fmt.Fprintf(&b, "d6:lengthi1000e4:pathl3:%03d6:%06dee", i/1000, i)
	}
	const size = 16 << 10
	pieces := (n*1000 + size - 1) / size
	fmt.Fprintf(&b, "e4:name4:many12:piece lengthi%de6:pieces%d:%se", size, 20*pieces, strings.Repeat("x", 20*pieces))
	info, err := metainfo.ParseInfo(b.Bytes())
	require.NoError(tb, err)
	return info
}

// BenchmarkSetPriorities gives all of 100,000 files another priority in one call: all stay wanted, or
// half of them is wanted and unwanted in turn, which the record says before the call returns.
func BenchmarkSetPriorities(b *testing.B) {
	for name, low := range map[string]int{"priorities": 1, "unwanted": Unwanted} {
		b.Run(name, func(b *testing.B) {
			c, err := New(Config{Dir: b.TempDir(), State: b.TempDir(), Listen: Off})
			require.NoError(b, err)
			defer c.Close()
			tor, err := c.Add(b.Context(), manyFiles(b, 100_000))
			require.NoError(b, err)
			priorities := make([]int, 100_000)
			turn := 0
			for b.Loop() {
				turn++
				for i := range priorities {
					priorities[i] = DefaultPriority
					if i/100%2 == turn%2 {
						priorities[i] = low
					}
				}
				require.NoError(b, tor.SetPriorities(priorities))
			}
		})
	}
}
