// Package extension has the extensions of a torrent and their part in each connection.
//
// The extension protocol (https://www.bittorrent.org/beps/bep_0010.html) lets peers agree
// on messages of their own. An [Extension] is a program's part in that, such as the exchange
// of metadata; it is made per torrent and opens a [Session] on each connection whose peer
// has the extension too. A [Registry] gives numbers to a torrent's extensions, and a
// [Connection] has the numbers and sessions of one connection. In come the peer's
// handshakes and messages, and time; the sessions answer through their [Conn].
//
// Package protocol calls all of it in the turns of a torrent, so nothing overlaps and
// nothing may block. It re-exports the interfaces.
package extension
