package wan

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestAdmit(t *testing.T) {
	now := time.Unix(1000, 0)
	l := line{Link: Link{Delay: 50 * time.Millisecond, Rate: 8, Queue: 2 * time.Millisecond}} // 1 byte/µs
	at := func(size int) time.Duration {
		due, ok := l.admit(now, size)
		require.True(t, ok)
		return due.Sub(now)
	}
	require.Equal(t, 51*time.Millisecond, at(1000))
	require.Equal(t, 52*time.Millisecond, at(1000), "it waits for the one before")
	require.Equal(t, 53*time.Millisecond, at(1000), "2 ms may wait")
	_, ok := l.admit(now, 1000)
	require.False(t, ok, "the queue is full")
	now = now.Add(3 * time.Millisecond)
	require.Equal(t, 51*time.Millisecond, at(1000), "the line is free again")
}

func TestAdmitLoses(t *testing.T) {
	l := line{Link: Link{Rate: 1e9, Queue: time.Hour, Loss: 0.25}}
	lost := 0
	for range 10000 {
		if _, ok := l.admit(time.Unix(1000, 0), 100); !ok {
			lost++
		}
	}
	require.InDelta(t, 2500, lost, 300)
}
