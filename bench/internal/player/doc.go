// Package player plays content from a client, at a rate and on time, and measures how often
// it had to wait. In come the bytes that a client has, or rather the word that they are there;
// out goes a Result. What the bytes are is not looked at.
//
// The client is another process: Serve is its side, in Go, and a Remote the player's.
// They speak in lines, behind those of package child: "read N" is answered by "read" when the
// next N bytes are there, "seek OFFSET" by "seek" at once, and "loaded" by "loaded N" with the
// bytes of the torrent that were downloaded so far.
package player
