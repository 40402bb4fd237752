// Package peerwire reads and writes the messages that BitTorrent peers send each
// other after the handshake: those of BEP 3, the port of BEP 5, the fast extension
// (BEP 6), the extension protocol (BEP 10), and its messages for metadata (BEP 9),
// peer exchange (BEP 11) and pieces that are gone (BEP 54).
//
// Bytes come in, a Message comes out, and the other way round. A Decoder takes
// messages out of a slice, checks each against the geometry of the torrent, and
// allocates nothing; Message.AppendTo is its counterpart. Reader and Writer do the
// same over an io.Reader and an io.Writer. The package manager, in a folder of its own,
// keeps many connections; this one does not import net.
//
// A Message borrows its bytes from whoever decoded it; each type says for how long.
//
// The package does not know what a peer may say when: who chokes whom, or what was
// asked for, is the engine's business. Order helps with the one rule about order
// that BEP 3 has.
//
// See https://www.bittorrent.org/beps/bep_0003.html (section "peer messages").
package peerwire
