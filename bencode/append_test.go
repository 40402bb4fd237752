package bencode

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAppend(t *testing.T) {
	b := AppendList([]byte("x"))
	b = AppendInt(b, math.MinInt64)
	b = AppendString(b, "")
	b = AppendBytes(b, []byte{0})
	b = AppendDict(b)
	b = AppendEnd(b)
	b = AppendEnd(b)
	require.Equal(t, "xli-9223372036854775808e0:1:\x00dee", string(b))
	_, err := Scan(b[1:], Options{})
	require.NoError(t, err)
}

func TestAppendAllocatesNothing(t *testing.T) {
	buf := make([]byte, 0, 128)
	require.Zero(t, testing.AllocsPerRun(100, func() {
		b := AppendDict(buf)
		b = AppendString(b, "msg_type")
		b = AppendInt(b, math.MinInt64)
		b = AppendString(b, "piece")
		b = AppendBytes(b, buf[:20])
		AppendEnd(AppendList(b))
	}))
}

func BenchmarkAppend(b *testing.B) {
	buf := make([]byte, 0, 128)
	b.ReportAllocs()
	for b.Loop() {
		out := AppendDict(buf)
		out = AppendString(out, "msg_type")
		out = AppendInt(out, 1)
		out = AppendString(out, "piece")
		out = AppendInt(out, 12345)
		out = AppendEnd(out)
		b.SetBytes(int64(len(out)))
	}
}
