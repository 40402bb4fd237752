// Package discovery is Local Service Discovery as a value
// (https://www.bittorrent.org/beps/bep_0014.html).
//
// In come the swarms that are to be announced, the links of this machine, the datagrams that
// others sent, and the time. Out come datagrams to send, and peers that were not known. A
// [State] does no I/O, reads no clock and starts no goroutine. One goroutine at a time may
// use it. The bytes of a datagram stay the caller's. Not here: sockets, how links are found,
// and which torrents are private: their swarms must not be passed in.
//
// # Order of calls
//
//	s := discovery.New(discovery.Config{Cookie: cookie})
//	s.SetLinks(now, links)
//	// then, for all that happens:
//	s.Join(now, swarm, port) // or Leave, Receive, SetLinks
//	turn := s.Settle(now)
//	// send turn.Send, use turn.Found, and come back at turn.Next at the latest
//
// # Choices
//
// Nobody answers an announce, as in libtorrent and Transmission: those who hear it dial the
// sender, so an answer would bring nothing but many datagrams at once.
//
// Transmission 3.00 ignores datagrams of more than 200 bytes and reads the first Infohash
// alone. So if there are no more than five torrents, each soon has a datagram of its own. If
// there are more, datagrams have as many as fit, each time another one first.
//
// # Where each rule is
//
//	rule                                           file          function
//	when a swarm is announced on a link            announce.go   link.sent
//	which swarms go into a datagram                announce.go   State.pick
//	at most one datagram a minute                  announce.go   link.nextAt
//	which links are new or gone                    links.go      State.SetLinks
//	which senders are on the link                  links.go      link.reaches
//	which datagrams are read                       receive.go    State.Receive
//	how many datagrams of a sender are read        limits.go     limits.allow
//	how many new peers are reported                limits.go     limits.allowNew
//	which peers are new                            receive.go    State.take
//	how many peers an address may name             peers.go      peers.mayAdd
//	who is forgotten for others                    peers.go      peers.makeRoom
//	when a swarm is forgotten that nobody renews   state.go      State.expire
package discovery
