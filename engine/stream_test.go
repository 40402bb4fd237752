package engine

import (
	"context"
	"io"
	"testing"
	"testing/synctest"
	"time"

	"github.com/shoal-bt/shoal/swarm"
	"github.com/stretchr/testify/require"
)

func TestStreamIsBoundedAndNeverBlocks(t *testing.T) {
	var h hub
	s := h.subscribe(10, nil)
	for i := range 100 {
		h.emit(Piece{swarm.ID{1}, i})
	}
	require.EqualValues(t, 90, s.Dropped())
	for i := range 1000 {
		h.emit(StatsTick{Stats: Stats{Held: i}})
	}
	require.EqualValues(t, 90+1000, s.Dropped(), "statistics have no place of their own")
	for _, e := range []Event{Completed{}, Failed{}, Removed{}} {
		h.emit(e)
	}
	require.EqualValues(t, 1090, s.Dropped(), "these are never dropped")
	h.close()
	var got []Event
	for e := range s.All(t.Context()) {
		got = append(got, e)
	}
	require.Len(t, got, 13)
	require.Equal(t, Piece{swarm.ID{1}, 9}, got[9])
	require.Equal(t, Removed{}, got[12])
	_, err := s.Next(t.Context())
	require.ErrorIs(t, err, io.EOF)
	h.emit(Removed{})
	_, err = h.subscribe(0, nil).Next(t.Context())
	require.ErrorIs(t, err, io.EOF, "of a closed engine")
}

func TestStatisticsCoalesce(t *testing.T) {
	var h hub
	s := h.subscribe(0, func(e Event) bool { return e.Kind() == OnStats })
	for i := range 50 {
		h.emit(StatsTick{Stats: Stats{Torrent: swarm.ID{byte(i % 2)}, Held: i}})
		h.emit(Removed{})
	}
	s.Close()
	var got []int
	for e := range s.All(t.Context()) {
		got = append(got, e.(StatsTick).Stats.Held)
	}
	require.Equal(t, []int{48, 49}, got, "the newest of each torrent")
	require.Zero(t, s.Dropped())
	require.Empty(t, h.streams)
}

func TestNextWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var h hub
		s := h.subscribe(0, nil)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := s.Next(ctx)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		got := make(chan Event)
		go func() {
			for e := range s.All(t.Context()) {
				got <- e
			}
			close(got)
		}()
		time.AfterFunc(time.Minute, func() { h.emit(Paused{}); h.emit(Resumed{}); s.Close() })
		require.Equal(t, Paused{}, <-got)
		require.Equal(t, Resumed{}, <-got)
		_, more := <-got
		require.False(t, more)
	})
}

func TestEveryEventHasABitOfItsOwn(t *testing.T) {
	id := swarm.ID{7}
	var seen EventMask
	for _, e := range []Event{
		Held{Torrent: id}, Added{Torrent: id}, Checking{Torrent: id}, Piece{Torrent: id}, PieceFailed{Torrent: id},
		Completed{id}, Paused{id}, Resumed{id}, Removed{id}, NothingWanted{id}, NoPeers{id}, PeerConnected{Torrent: id},
		PeerLost{Torrent: id}, PeerFailed{Torrent: id}, PeerBlocked{Torrent: id}, PeerBanned{Torrent: id},
		SourceReply{Torrent: id}, SourceError{Torrent: id}, Warning{Torrent: id}, Failed{Torrent: id},
		StatsTick{Stats: Stats{Torrent: id}}, Listening{},
	} {
		require.Zero(t, seen&e.Kind(), "%T", e)
		seen |= e.Kind()
		if e.Kind() != OnListening {
			require.Equal(t, id, TorrentOf(e), "%T", e)
		}
	}
	require.Equal(t, AllEvents, seen)
	require.Equal(t, swarm.ID{}, TorrentOf(Listening{}))
}
