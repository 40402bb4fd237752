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
// All methods may be called concurrently.
package stream
