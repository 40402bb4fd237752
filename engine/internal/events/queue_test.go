package events

import (
	"context"
	"io"
	"testing"
	"testing/synctest"
	"time"

	"github.com/shoal-bt/shoal/protocol"
	"github.com/shoal-bt/shoal/protocol/report"
	"github.com/shoal-bt/shoal/swarm"
	"github.com/stretchr/testify/require"
)

// removed is an event of the engine, which the protocol does not have.
type removed struct{}

func (removed) Kind() protocol.EventMask { return report.OnRemoved }

func TestQueueIsBoundedAndNeverBlocks(t *testing.T) {
	var h Hub
	q := h.Subscribe(10, nil)
	for i := range 100 {
		h.Emit(report.Piece{Torrent: swarm.ID{1}, Piece: i})
	}
	require.EqualValues(t, 90, q.Dropped())
	for i := range 1000 {
		h.Emit(report.StatsTick{Stats: protocol.Stats{Held: i}})
	}
	require.EqualValues(t, 90+1000, q.Dropped(), "statistics have no place of their own")
	for _, e := range []protocol.Event{report.Completed{}, report.Failed{}, removed{}} {
		h.Emit(e)
	}
	require.EqualValues(t, 1090, q.Dropped(), "these are never dropped")
	h.Close()
	var got []protocol.Event
	for e := range q.All(t.Context()) {
		got = append(got, e)
	}
	require.Len(t, got, 13)
	require.Equal(t, report.Piece{Torrent: swarm.ID{1}, Piece: 9}, got[9])
	require.Equal(t, removed{}, got[12])
	_, err := q.Next(t.Context())
	require.ErrorIs(t, err, io.EOF)
	h.Emit(removed{})
	_, err = h.Subscribe(0, nil).Next(t.Context())
	require.ErrorIs(t, err, io.EOF, "of a closed engine")
}

// Peers that come and go fill half of a queue, so the other half is for everything else.
func TestPeersDoNotFillAQueue(t *testing.T) {
	var h Hub
	q := h.Subscribe(10, nil)
	for range 100 {
		h.Emit(report.PeerConnected{})
		h.Emit(report.PeerLost{})
	}
	require.EqualValues(t, 195, q.Dropped())
	h.Emit(report.Added{})
	require.EqualValues(t, 195, q.Dropped())
}

func TestStatisticsCoalesce(t *testing.T) {
	var h Hub
	q := h.Subscribe(0, func(e protocol.Event) bool { return e.Kind() == report.OnStats })
	for i := range 50 {
		h.Emit(report.StatsTick{Stats: protocol.Stats{Torrent: swarm.ID{byte(i % 2)}, Held: i}})
		h.Emit(removed{})
	}
	q.Close()
	var got []int
	for e := range q.All(t.Context()) {
		got = append(got, e.(report.StatsTick).Stats.Held)
	}
	require.Equal(t, []int{48, 49}, got, "the newest of each torrent")
	require.Zero(t, q.Dropped())
	require.Empty(t, h.queues)
}

func TestNextWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var h Hub
		q := h.Subscribe(0, nil)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := q.Next(ctx)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		got := make(chan protocol.Event)
		go func() {
			for e := range q.All(t.Context()) {
				got <- e
			}
			close(got)
		}()
		time.AfterFunc(time.Minute, func() { h.Emit(report.Paused{}); h.Emit(report.Resumed{}); q.Close() })
		require.Equal(t, report.Paused{}, <-got)
		require.Equal(t, report.Resumed{}, <-got)
		_, more := <-got
		require.False(t, more)
	})
}
