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
		"0 B":           formatSize(0),
		"1023 B":        formatSize(1023),
		"1.0 KiB":       formatSize(1024),
		"1.0 MiB":       formatSize(1<<20 - 1), // not 1024.0 KiB
		"256.0 MiB":     formatSize(256 << 20),
		"16 KiB":        formatExactSize(16 << 10),
		"1,025 bytes":   formatExactSize(1025),
		"0 B/s":         formatRate(0.5),
		"1.0 KiB/s":     formatRate(1024),
		"2.0 MiB/s":     formatSpeed(4<<20, 2*time.Second),
		"0.5 s":         formatDuration(500 * time.Millisecond),
		"1:40":          formatDuration(100 * time.Second),
		"0 s":           formatDuration(-1),
		"0:07":          formatClock(6100 * time.Millisecond),
		"1:02:03":       formatClock(3723 * time.Second),
		"5 days":        formatClock(128 * time.Hour),
		"100%":          formatPercent(1),
		"99.9%":         formatPercent(0.99999),
		"0.0%":          formatPercent(-1),
		"1 piece":       formatCount(1, "piece"),
		"0 pieces":      formatCount(0, "piece"),
		"1,234 entries": formatCount(1234, "entry"),
		"-1,234,567":    formatNumber(-1234567),
		"-123":          formatNumber(-123),
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
