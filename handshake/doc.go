// Package handshake reads and writes the first 68 bytes of a connection between
// BitTorrent peers, and decides from them whom to talk to.
//
// What comes in is a connection, or any io.Reader; what goes out is a
// Handshake: the protocol's name, eight reserved bytes, the info hash and the
// peer id. Read and Write do that and nothing else. Initiate, Accept and Dial
// carry out the exchange over a net.Conn, with a time limit and under a context;
// a Parser takes a handshake as its bytes arrive; Filters turn peers away.
//
// No function here reads a byte past the handshake, so whatever a peer sent
// behind it is still there to be read from the connection.
//
// The package has no state of its own. It does not know which swarms exist, does
// not encrypt, and does not speak the messages that follow.
//
// The format is BEP 3, https://www.bittorrent.org/beps/bep_0003.html (section
// "peer protocol"); the reserved bits are those of BEP 5, 6, 10 and 52.
package handshake
