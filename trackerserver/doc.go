// Package trackerserver is a BitTorrent tracker over HTTP and UDP to embed in a program.
//
// HTTP requests and UDP packets come in. A [Server] parses announces and scrapes, asks a
// [Handler] for the answer and writes it: as an http.Handler and with [Server.ServeUDP].
// The default Handler is [Memory]. It keeps swarms in memory, removes peers that no longer
// announce, and bounds the memory that strangers can use. A Handler of your own, around
// Memory or instead of it, can check keys, count traffic, choose peers or share swarms with
// other trackers; the package handlertest tests it.
//
// Not here: users, a database. The server tells peers its min interval but does not refuse
// announces that come sooner.
//
// # Concurrency
//
// All methods may be called concurrently. Only [Server.Serve] and [Server.ServeUDP] start
// goroutines.
//
// # Errors
//
// A Handler's [*Refusal] is sent to the peer, over HTTP as failure reason. The text of
// any other error is not sent.
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
//	scrape (BEP 48), downloaders (BEP 21)  response.go   exchange.appendScrape
//	packets of BEP 15                      packet.go     responder.answer
//	announce over UDP                      packet.go     responder.announce
//	scrape over UDP                        packet.go     responder.scrape
//	what an unproven sender gets           packet.go     responder.answer
//	connection IDs, valid for two minutes  connid.go     connectionIDs.valid
//	URLData (BEP 41)                       urldata.go    appendURLData
//	source address of an answer            batch_linux.go  messages.source
//	who is a partial seed (BEP 21)         endpoint.go   roleOf
//	which peers are in the answer          record.go     record.sample
//	when a peer expires                    peerset.go    peerSet.expire
//	when a swarm is forgotten              memory.go     Memory.sweep
//	count of completed downloads           record.go     update
//	which peer makes room for another      memory.go     Memory.makeRoomInSwarm
//	which swarm makes room for another     registry.go   registry.add
//	limit of swarms of an address          memory.go     Memory.inTooMany
//	which connection makes room            conns.go      limitedListener.add
//	how long a request may take            limits.go     limitedListener.watch
//	when a closed connection is noticed    heldread.go   limitedConn.hold
//	which address is charged               endpoint.go   holderOf
package trackerserver
