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
//	BEP 3 announce and answer     query.go, parseAnnounce; response.go, appendAnnounce
//	BEP 7 peers6, parameter ip    response.go, packCompact; Config.TrustIP
//	BEP 23 compact peers          query.go, parseAnnounce; response.go, packCompact
//	BEP 24 external ip            response.go, appendAnnounce
//	BEP 31 retry in               response.go, appendRefusal
//	BEP 48 scrape                 query.go, parseScrape; response.go, appendScrape
//	expiry and limits of swarms   memory.go, peerset.go
package trackerserver
