package engine

import (
	"testing"

	"github.com/shoal-bt/shoal/swarm"
	"github.com/stretchr/testify/require"
)

func TestEveryEventHasABitOfItsOwn(t *testing.T) {
	id := swarm.ID{7}
	var seen EventMask
	for _, e := range []Event{
		Held{Torrent: id}, Added{Torrent: id}, Checking{Torrent: id}, Piece{Torrent: id}, PieceFailed{Torrent: id},
		Completed{Torrent: id}, Paused{Torrent: id}, Resumed{Torrent: id}, Removed{Torrent: id},
		NothingWanted{Torrent: id}, NoPeers{Torrent: id}, PeerConnected{Torrent: id},
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
