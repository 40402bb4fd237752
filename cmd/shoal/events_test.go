package main

import (
	"encoding/binary"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"
)

// A user who names a peer learns why it is not connected, and at the end what it may mean
// that all peers hang up. Programs learn the same.
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
	encrypted := answering(t, "7 random bytes")
	args := []string{"get", "album.torrent", "--dir", "got", "--state", "off", "--peer", closed + "," + other + "," + encrypted, "--listen", "off"}
	get := start(t, args...)
	get.err.await(t, "album: "+closed+": it refused the connection")
	get.err.await(t, "album: "+other+": it closed the connection in the handshake")
	get.err.await(t, "album: "+encrypted+": it sent something else than a BitTorrent handshake")
	require.Contains(t, get.err.String(), "Shoal tries it again in 1 s, and then less often")
	get.stop()
	get.wait(t, exitInterrupted)
	require.Contains(t, get.err.String(), "album: all 2 peers that answered ended the connection in the handshake")
	require.Contains(t, get.err.String(), "encrypted connections")

	get = start(t, append(args, "--json")...)
	for range 3 {
		o := objects(t, get.out.await(t, `"peerFailed"`))[0]
		require.EqualValues(t, 1, o["retry"])
		require.Contains(t, o["advice"], "again in 1 s")
		get.out.forgetLine(t, `"peerFailed"`)
	}
	get.stop()
	get.wait(t, exitInterrupted)
	require.Equal(t, "all 2 peers that answered ended the connection in the handshake", event(t, get.out.String(), "warning")["message"])
}

// answering listens, and answers each peer with some bytes and closes the connection.
func answering(t *testing.T, bytes string) (address string) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			io.ReadFull(c, make([]byte, 68))
			io.WriteString(c, bytes)
			c.Close()
		}
	}()
	return l.Addr().String()
}

// The same is said about peers that a tracker named.
func TestPeersOfTrackersThatHangUp(t *testing.T) {
	isolate(t)
	makeContent(t, 1<<18)
	peer := netip.MustParseAddrPort(answering(t, ""))
	b := peer.Addr().As4()
	compact := string(binary.BigEndian.AppendUint16(b[:], peer.Port()))
	tracker := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		io.WriteString(w, "d8:intervali1800e5:peers6:"+compact+"e")
	}))
	defer tracker.Close()
	shoal(t, exitOK, "create", "album", "--announce", tracker.URL+"/announce")
	get := start(t, "get", "album.torrent", "--dir", "got", "--state", "off", "--listen", "off", "--log-level", "debug")
	get.err.await(t, "dial failed")
	get.err.await(t, "dial failed")
	get.stop()
	get.wait(t, exitInterrupted)
	require.Contains(t, get.err.String(), "the only peer that answered ended the connection in the handshake")
}

// A seed that only such peers dial as encrypt says so.
func TestIncomingPeersThatEncrypt(t *testing.T) {
	isolate(t)
	makeContent(t, 1<<18)
	shoal(t, exitOK, "create", "album")
	seed, address := seeding(t, "album.torrent", "--log-level", "debug")
	c, err := net.Dial("tcp", address)
	require.NoError(t, err)
	defer c.Close()
	_, err = io.WriteString(c, "7 random bytes")
	require.NoError(t, err)
	_, err = c.Read(make([]byte, 1))
	require.Error(t, err, "it is closed")
	seed.err.await(t, "handshake failed")
	seed.stop()
	seed.wait(t, exitOK)
	var texts []any
	for _, o := range objects(t, seed.out.String()) {
		texts = append(texts, o["message"])
	}
	require.Contains(t, texts, "1 connection came in, and none began with a BitTorrent handshake")
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
