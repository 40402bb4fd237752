// Package connect reaches peers: it dials them and shakes hands, and shakes hands with those
// who dialed us. In come addresses, swarms and accepted sockets; out goes a [Conn], which the
// caller owns, or an [Error] that says why there is none. Not here: whom to dial and when
// to try again, how many connections there may be, and the messages after the handshake.
//
// One [Connector] is shared by all who look for peers, such as an engine and the fetches of
// metadata. So they have one order of attempts, one filter and one limit of dials under way,
// and nobody connects in another way.
//
// # Order of use
//
//	c := connect.New(connect.Options{})
//	conn, err := c.Dial(ctx, connect.Request{Addr: addr, Ours: ours}) // any number of times
//	conn, err = c.Accept(ctx, socket, answer)                         // of a listener
//	c.Close()
//
// # What plugs in
//
// uTP is a [Dialer] beside [TCP] and a net.Listener. A proxy is a Dialer that replaces TCP.
// Message stream encryption is a [Secure].
//
// # Concurrency
//
// All methods may be called concurrently, and what Options bring is called concurrently.
package connect
