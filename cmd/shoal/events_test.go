package main

import (
	"net"
	"testing"

	"github.com/stretchr/testify/require"
)

// A user who names a peer learns why it is not connected, once.
func TestNamedPeersThatFail(t *testing.T) {
	isolate(t)
	makeContent(t, 1<<20)
	shoal(t, exitOK, "create", "album", "--piece-length", "64KiB")
	shoal(t, exitOK, "create", "album", "--piece-length", "32KiB", "-o", "other.torrent")
	_, other := seeding(t, "other.torrent")
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	closed := l.Addr().String()
	require.NoError(t, l.Close())
	get := start(t, "get", "album.torrent", "--dir", "got", "--state", "off", "--peer", closed+","+other, "--listen", "off")
	get.err.await(t, "album: "+closed+": it refused the connection")
	get.err.await(t, "album: "+other+": it closed the connection; it probably does not have this torrent")
	get.stop()
	get.wait(t, exitInterrupted)
}

// Pads between the files of a hybrid are not downloaded, so they do not count.
func TestPadsDoNotCount(t *testing.T) {
	isolate(t)
	makeContent(t, 3<<20)
	shoal(t, exitOK, "create", "album", "--format", "hybrid", "--piece-length", "1MiB")
	_, peer := seeding(t, "album.torrent")
	stdout, _ := shoal(t, exitOK, "get", "album.torrent", "--dir", "got", "--state", "off", "--peer", peer, "--listen", "off", "-q")
	require.Contains(t, stdout, "album, 3.0 MiB in ")
	equalFolders(t, "album", "got/album")
}
