// Package trackerserver is a BitTorrent tracker over HTTP to embed in a program.
//
// HTTP requests come in. A [Server] is an http.Handler: it parses announces and
// scrapes, asks a [Handler] for the answer and writes it as bencode. The default Handler
// is [Memory]. It keeps swarms in memory, removes peers that no longer announce, and
// bounds the memory that strangers can use. A Handler of your own, around Memory or
// instead of it, can check keys, count traffic or choose peers.
//
// Not here: UDP (BEP 15), users, a database. The server tells peers its min interval
// but does not refuse announces that come sooner.
//
// # Concurrency
//
// All methods may be called concurrently. Only [Server.Serve] starts goroutines.
//
// # Errors
//
// A Handler's [*Refusal] is sent to the peer as failure reason. The text of any other
// error is not sent.
//
// # Where each rule is
//
//	rule                                   file          function
//	parameters of an announce (BEP 3)      query.go      parseAnnounce
//	compact unless declined (BEP 23)       query.go      parseAnnounce
//	events of later BEPs                   query.go      parseEvent
//	the address of a peer (BEP 7)          server.go     Server.clientAddr
//	keys of the answer (BEP 3, 24)         response.go   exchange.appendAnnounce
//	compact peers and peers6 (BEP 7, 23)   response.go   exchange.packCompact
//	failure reason, retry in (BEP 31)      response.go   appendRefusal
//	scrape (BEP 48)                        response.go   exchange.appendScrape
//	which peers are in the answer          peerset.go    peerSet.sample
//	when a peer expires                    peerset.go    peerSet.expire
//	when a swarm is forgotten              memory.go     Memory.sweep
//	count of completed downloads           memory.go     Memory.recordPeer
//	which peer makes room for another      memory.go     Memory.makeRoomInSwarm
//	which swarm makes room for another     registry.go   registry.add
//	limit of swarms of an address          memory.go     Memory.inTooMany
//	which connection makes room            conns.go      limitedListener.add
//	which address is charged               holder.go     endpoint.holder
package trackerserver
