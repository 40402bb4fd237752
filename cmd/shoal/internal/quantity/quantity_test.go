package quantity

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestByteCount(t *testing.T) {
	for text, want := range map[string]int64{
		"0": 0, "65536": 65536, "64KiB": 65536, "64k": 65536, "64K": 65536, " 1.5 MiB ": 3 << 19, "2g": 2 << 30,
		"1MB": 1e6, "3TiB": 3 << 40, "7b": 7,
	} {
		var b Bytes
		require.NoError(t, b.UnmarshalText([]byte(text)), text)
		require.EqualValues(t, want, b, text)
	}
	for _, text := range []string{"", "x", "-1", "1e30", "NaN", "KiB", "1 2", "inf"} {
		var b Bytes
		require.Error(t, b.UnmarshalText([]byte(text)), text)
	}
}

func TestWordsForNumbers(t *testing.T) {
	for want, got := range map[string]string{
		"0 B":           Size(0),
		"1023 B":        Size(1023),
		"1.0 KiB":       Size(1024),
		"1.0 MiB":       Size(1<<20 - 1), // not 1024.0 KiB
		"256.0 MiB":     Size(256 << 20),
		"16 KiB":        ExactSize(16 << 10),
		"1,025 bytes":   ExactSize(1025),
		"0 B/s":         Rate(0.5),
		"1.0 KiB/s":     Rate(1024),
		"2.0 MiB/s":     Speed(4<<20, 2*time.Second),
		"0.5 s":         Duration(500 * time.Millisecond),
		"1:40":          Duration(100 * time.Second),
		"0 s":           Duration(-1),
		"0:07":          Clock(6100 * time.Millisecond),
		"1:02:03":       Clock(3723 * time.Second),
		"5 days":        Clock(128 * time.Hour),
		"100%":          Percent(1),
		"99.9%":         Percent(0.99999),
		"0.0%":          Percent(-1),
		"1 piece":       Count(1, "piece"),
		"0 pieces":      Count(0, "piece"),
		"1,234 entries": Count(1234, "entry"),
		"-1,234,567":    Number(-1234567),
		"-123":          Number(-123),
	} {
		require.Equal(t, want, got)
	}
}
