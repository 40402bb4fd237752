// Package stream serves files of torrents over HTTP while they are downloaded.
//
// Requests come in. A [Handler] asks a [Torrent] for a [Reader], whose reads wait until the
// bytes are there and checked, and writes them out in the ranges that were asked for. It owns
// each Reader until the request ends. It knows no pieces and no peers: what is read first is
// downloaded first because the Reader says so.
//
// Not here: transcoding, UPnP, any other way to find the server.
//
// # Safe by default
//
// Other web pages and other users of the machine can reach a server on loopback. So the path
// of every URL begins with a secret token, the Host header must be an address, localhost or
// a name of [Config].Hosts, and requests that another site caused are refused. Only audio,
// video, raster images, plain text and WebVTT are shown in a browser; it must store anything
// else as a file. Names are escaped wherever they are written.
//
// # Concurrency
//
// All methods may be called concurrently. Only [Handler.Serve] starts goroutines that outlive a
// call.
//
// # Where each rule is
//
//	rule                                        file            function
//	what the token opens                        route.go        Handler.cutToken
//	which names reach the server                config.go       Config.hostAllowed
//	which pages may ask                         config.go       sameSite
//	paths and what they are for                 route.go        parseRoute
//	headers of every answer                     handler.go      setSafeHeaders
//	what a browser may show                     file.go         Handler.setFileHeaders
//	when the bytes of a file decide its type    file.go         Handler.typeOf
//	which ranges are ignored                    ranges.go       limitRanges
//	names in headers                            names.go        disposition
//	names on pages                              page.go         shownName
//	which client is slow                        pace.go         pace.hinders
//	which request makes room for another        places.go       places.victimFor
//	which waiting request makes room            places.go       places.enqueue
//	which connection makes room                 conns.go        conns.victimFor
//	how long a client may say nothing           server.go       Handler.newServer
//	how long a client may take nothing          exchange.go     exchange.Write
//	how a client that is gone is noticed        conns.go        conn.Read
//	how much is downloaded ahead                ahead.go        budget.share
//	what an answer says when a torrent fails    exchange.go     exchange.WriteHeader
//	what an answer does when it fails later     exchange.go     exchange.abort
//	order on a page                             listing.go      compareNames
//	what plays on a page                        torrentpage.go  playsInPlace
package stream
