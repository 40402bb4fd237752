// Package peerwire reads and writes the messages that BitTorrent peers send each
// other after the handshake: those of BEP 3, 5 (port), 6 and 10, with the bodies of
// ut_metadata (BEP 9), ut_pex (BEP 11) and lt_donthave (BEP 54).
//
// Bytes come in and a [Message] comes out, or the other way round. A [Decoder] takes
// messages from a slice and checks each against [Limits], which include the geometry
// of the torrent; [Message.AppendTo] encodes. Neither allocates. [Reader] and [Writer]
// do the same on streams. [Order] checks that the bitfield comes first. The body of an
// Extended message goes to [ParseExtendedHandshake], [ParseMetadata] or [ParsePEX].
//
// Not here: which messages are allowed when (who is choked, what was requested), and
// connections, which the package peerwire/manager keeps.
//
// # Errors
//
// What a peer did wrong is a [*ProtocolError], which ends its connection. A message of
// unknown kind is not an error.
//
// See https://www.bittorrent.org/beps/bep_0003.html#peer-messages.
package peerwire
