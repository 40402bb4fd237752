// Package udptracker announces to BitTorrent trackers over UDP and scrapes them.
//
// An announcement comes in, and peers' addresses go out through a function of the
// caller. A [Tracker] is one announce URL and a swarm.PeerSource. [Trackers] make many
// that share sockets and connection ids. [Announce] and [Scrape] ask once and remember
// nothing. A Tracker keeps a few bytes for each swarm until Stopped was announced.
//
// The sockets belong to the Trackers, which open one for each of Config.From with the
// first call, read from it while a call runs, and close it a minute after the last one.
// Sockets of Config.Conn4 and Config.Conn6 stay the caller's.
//
// Not here: tiers and timers. Callers such as the engine must obey Answer.Next and
// Answer.Min. UDP has no external ip, retry in, or event paused.
//
// # Concurrency
//
// All methods may be called concurrently, except that calls of Announce and AnnounceOnce
// for one swarm must not overlap.
//
// # Errors
//
// Errors match [*TimeoutError] if the tracker did not answer, [*FailureError] if it
// refused, [*FamilyError] if it has no address of our families, [*TooLongError] if its
// URL does not fit into a packet, [*SchemeError] if the URL is not udp, [*FloodError] if
// too many foreign packets came, and [ErrClosed] after Trackers.Close. Errors and
// warnings contain no passkey.
//
// # Where each rule is
//
//	rule                                       file            function
//	layout of requests (BEP 15)                request.go      announceRequest.packet
//	path and query of the URL (BEP 41)         request.go      appendURLData
//	parameters that a caller adds              target.go       target.with
//	layout of answers (BEP 15)                 response.go     parseAnnounce
//	which packets are answers                  socket.go       socket.dispatch
//	how many foreign packets a call bears      socket.go       socket.countIgnored
//	when a request is sent again (BEP 15)      exchange.go     exchange.run
//	how long a connection id is used           connection.go   socket.connection
//	one connect for all who wait               connection.go   socket.connection
//	a connection id that the tracker forgot    exchange.go     exchange.handle
//	which event is sent                        tracker.go      Tracker.ask
//	one announce for each family, one key      tracker.go      Tracker.announce
//	which addresses of a name are used         resolve.go      Tracker.resolve
//	when to announce after an error            intervals.go    Tracker.schedule
//	how many swarms a scrape asks for          scrape.go       Tracker.Scrape
//	when sockets are closed                    socket.go       socket.release
package udptracker
