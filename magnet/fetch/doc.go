// Package fetch gets the metadata of a torrent from its peers, as a value.
//
// In come connections that have shaken hands, the messages that peers send, and the time.
// Out come bytes for peers, connections to close, peers to ban, and at the end the info
// dictionary, which fits each given info hash. A [State] opens no socket, reads no clock
// and starts no goroutine. One goroutine at a time may use it. Not here: who is dialed,
// sources of peers, and what the info dictionary says.
//
// # Order of calls
//
// New comes first. Then run this loop:
//
//	s.Join(now, joined) // or Receive, or Leave, for all that has happened
//	turn := s.Settle(now)
//	// close turn.Close, send turn.Send, and come back at turn.Next at the latest
//
// After a Turn with Info or Err the State does nothing more; Replay still answers.
//
// # Who is asked for what
//
// Peers that name the same metadata_size are a group. A group collects the pieces from all
// of its peers. If these do not fit the hash together, each peer is asked for all of them
// alone, a few peers at a time, and one who alone sent wrong bytes is banned.
//
//	rule                                            file           function
//	which peers are asked together                  groups.go      State.regroup
//	which groups run, and how much memory they get  groups.go      State.schedule
//	when peers are asked one by one                 checking.go    State.check
//	who is banned                                   checking.go    State.check
//	which piece is requested from whom              requesting.go  State.requestFrom
//	when a piece is requested twice                 requesting.go  State.duplicate
//	how many requests are open                      pace.go        pace.answered
//	when a request is late                          timeouts.go    State.checkRequests
//	when a peer that rejects is asked again         metadata.go    State.receiveReject
//	what ends a connection                          metadata.go    State.receiveData
//	which metadata_size is refused                  hello.go       State.receiveHello
//	what is kept for the torrent                    replay.go      replay.add
//	when a peer hears that we are interested        interest.go    State.sayInterested
//	which addresses of other peers are taken        exchange.go    State.receiveExchange
//	when a peer's node of the DHT is heeded         dhtport.go     State.receivePort
package fetch
