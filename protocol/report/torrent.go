package report

import "github.com/shoal-bt/shoal/swarm"

// TorrentOf returns the torrent that an event of this package is about; the zero ID for none.
func TorrentOf(e Event) swarm.ID {
	switch e := e.(type) {
	case Held:
		return e.Torrent
	case Added:
		return e.Torrent
	case Checking:
		return e.Torrent
	case Piece:
		return e.Torrent
	case PieceFailed:
		return e.Torrent
	case Completed:
		return e.Torrent
	case Paused:
		return e.Torrent
	case Resumed:
		return e.Torrent
	case NothingWanted:
		return e.Torrent
	case NoPeers:
		return e.Torrent
	case PeerConnected:
		return e.Torrent
	case PeerLost:
		return e.Torrent
	case PeerFailed:
		return e.Torrent
	case PeerBanned:
		return e.Torrent
	case Warning:
		return e.Torrent
	case Failed:
		return e.Torrent
	case StatsTick:
		return e.Stats.Torrent
	}
	return swarm.ID{}
}
