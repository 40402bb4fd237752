package engine

import "github.com/shoal-bt/shoal/protocol/extension"

// What plugs into the extension protocol (https://www.bittorrent.org/beps/bep_0010.html);
// see package protocol/extension. TorrentConfig.Extensions and Spec.Extensions take makers.
type (
	// An Extension is a program's part in the extension protocol of one torrent.
	Extension = extension.Extension

	// An ExtensionMaker makes the Extension of a torrent.
	ExtensionMaker = extension.Maker

	// An ExtensionTorrent is what an Extension is made for.
	ExtensionTorrent = extension.Torrent

	// An ExtensionSession is an Extension's part in one connection.
	ExtensionSession = extension.Session

	// An ExtensionConn is what a session sees of its connection, and of the torrent.
	ExtensionConn = extension.Conn
)
