// Package connect reaches peers: it dials them and shakes hands, and shakes hands with those
// who dialed us. In come addresses, swarms and accepted sockets; out goes a [Conn], which the
// caller owns, or an [Error] that says why there is none. Not here: whom to dial and when
// to try again, how many connections a torrent may have, and the messages that follow.
//
// One [Connector] is shared by all who look for peers, such as an engine and the fetches of
// metadata. So they have one order of attempts, one filter and one limit of dials under way,
// and nobody connects in another way. Connections that no torrent counts have a limit, too.
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
// A uTP socket is a [Dialer] before [TCP], and the connections that it accepts go to Accept.
// A proxy is a Dialer that replaces TCP, so that nobody dials past it. Message stream
// encryption is a [Secure]: a peer names a swarm of AddSwarm by its Mark, a hash of the ID.
//
// # Concurrency
//
// All methods may be called concurrently, and what Options bring is called concurrently.
//
// # Where to find a rule
//
//	rule                                         file          function
//	how many dials are under way at once         queue.go      Connector.next
//	whose dial comes next                        queue.go      Connector.next
//	who gets a place of Options.MaxConns         holding.go    Connector.mayHold
//	when a first dial gives up early             attempts.go   Connector.step
//	in which order a peer is tried               attempts.go   Connector.dial
//	what is encrypted, and tried first           policy.go     Policy.Secures
//	what an address preferred the last time      preferred.go  preferred.order
//	which local address a connection has         plug.go       TCP.localFor
//	how plain is told from encrypted             accept.go     Connector.secureOf
//	how often peers may exchange keys            exchanges.go  exchanges.allow
//	who takes a connection for an unknown swarm  swarms.go     Connector.Receive
//	why a handshake failed                       errors.go     handshakeReason
package connect
