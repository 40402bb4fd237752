// Package udpmux lets several protocols use one UDP socket: the DHT, UDP trackers, and uTP.
//
// A socket comes in, a net.PacketConn for each protocol goes out. The [Mux] owns the socket:
// it alone reads it, and closes it. A datagram goes to the first user that claims it by a
// look at its bytes, in the order in which they were opened; what nobody claims is dropped
// and counted. [KRPC], [TrackerAnswer] and [UTP] are such looks; none of them claims what
// another one does.
//
// Each user has a queue of its own, bounded in datagrams and in bytes. If it is full, new
// datagrams of that user are dropped, as a socket does whose buffer is full, and no other
// user loses any. Writes go straight to the socket.
//
// Not here: reading in batches, and the size of the socket's own buffer, which all users
// share; set it before New.
//
// # Concurrency
//
// All methods of a Mux and of a [Conn] may be called concurrently. A claim is called by one
// goroutine at a time.
//
// # Closing
//
// Closing a Conn ends its reads with net.ErrClosed and drops what waits for it. The others go
// on, and another user may be opened in its place. Closing the Mux closes all Conns and the
// socket. If the socket fails, each Conn returns what waits for it and then the error; the
// Mux must still be closed.
package udpmux
