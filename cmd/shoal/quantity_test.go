package main

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
		var b byteCount
		require.NoError(t, b.UnmarshalText([]byte(text)), text)
		require.EqualValues(t, want, b, text)
	}
	for _, text := range []string{"", "x", "-1", "1e30", "NaN", "KiB", "1 2", "inf"} {
		var b byteCount
		require.Error(t, b.UnmarshalText([]byte(text)), text)
	}
}

func TestWordsForNumbers(t *testing.T) {
	for want, got := range map[string]string{
		"0 B":           sized(0),
		"1023 B":        sized(1023),
		"1.0 KiB":       sized(1024),
		"1.0 MiB":       sized(1<<20 - 1), // not 1024.0 KiB
		"256.0 MiB":     sized(256 << 20),
		"16 KiB":        exactly(16 << 10),
		"1,025 bytes":   exactly(1025),
		"0 B/s":         rate(0.5),
		"1.0 KiB/s":     rate(1024),
		"2.0 MiB/s":     speed(4<<20, 2*time.Second),
		"0.5 s":         span(500 * time.Millisecond),
		"1:40":          span(100 * time.Second),
		"0 s":           span(-1),
		"0:07":          remaining(6100 * time.Millisecond),
		"1:02:03":       remaining(3723 * time.Second),
		"5 days":        remaining(128 * time.Hour),
		"100%":          percent(1),
		"99.9%":         percent(0.99999),
		"0.0%":          percent(-1),
		"1 piece":       counted(1, "piece"),
		"0 pieces":      counted(0, "piece"),
		"1,234 entries": counted(1234, "entry"),
		"-1,234,567":    grouped(-1234567),
		"-123":          grouped(-123),
	} {
		require.Equal(t, want, got)
	}
}

func TestRateWindow(t *testing.T) {
	var p rateWindow
	start := time.Unix(1000, 0)
	down, up := p.rates(start, 50, 0)
	require.Zero(t, down)
	require.Zero(t, up)
	down, up = p.rates(start.Add(time.Second), 150, 10)
	require.EqualValues(t, 100, down)
	require.EqualValues(t, 10, up)
	for s := range 100 {
		down, _ = p.rates(start.Add(time.Duration(s+2)*time.Second), 150, 10)
	}
	require.Zero(t, down, "what lies before the window does not count")
	require.LessOrEqual(t, len(p.history), 6)
	down, _ = p.rates(start.Add(200*time.Second), 0, 0)
	require.Zero(t, down, "totals that shrink are no negative rate")
}
