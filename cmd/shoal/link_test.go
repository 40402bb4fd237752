package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shoal-bt/shoal/client"
	"github.com/shoal-bt/shoal/metainfo"
)

// metadataPeer starts a peer that has the metadata of a torrent and nothing else. It returns
// its address.
func metadataPeer(t *testing.T, path string) string {
	t.Helper()
	meta, err := metainfo.ReadFile(path)
	require.NoError(t, err)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				serveMetadata(c, meta)
			}()
		}
	}()
	return l.Addr().String()
}

// serveMetadata answers requests for metadata until the connection ends.
func serveMetadata(c net.Conn, meta *metainfo.Torrent) {
	var theirs [68]byte
	if _, err := io.ReadFull(c, theirs[:]); err != nil {
		return
	}
	ours := append([]byte{19}, "BitTorrent protocol"...)
	ours = append(ours, 0, 0, 0, 0, 0, 0x10, 0, 0)
	ours = append(ours, meta.Info.HashV1[:]...)
	c.Write(append(ours, "-XX0000-metadatapeer"...))
	send := func(id byte, body string) {
		var b bytes.Buffer
		binary.Write(&b, binary.BigEndian, uint32(2+len(body)))
		b.Write([]byte{20, id})
		b.WriteString(body)
		c.Write(b.Bytes())
	}
	send(0, fmt.Sprintf("d1:md11:ut_metadatai3ee13:metadata_sizei%dee", len(meta.Info.Raw)))
	number := byte(0) // of ut_metadata, as they have it
	for {
		var length uint32
		if binary.Read(c, binary.BigEndian, &length) != nil || length > 1<<20 {
			return
		}
		b := make([]byte, length)
		if _, err := io.ReadFull(c, b); err != nil {
			return
		}
		if len(b) < 2 || b[0] != 20 {
			continue
		}
		if b[1] == 0 {
			if _, rest, ok := strings.Cut(string(b), "11:ut_metadatai"); ok {
				var n int
				fmt.Sscanf(rest, "%de", &n)
				number = byte(n)
			}
			continue
		}
		var piece int
		_, rest, _ := strings.Cut(string(b), "5:piecei")
		fmt.Sscanf(rest, "%de", &piece)
		part := meta.Info.Raw[min(piece<<14, len(meta.Info.Raw)):min((piece+1)<<14, len(meta.Info.Raw))]
		send(number, fmt.Sprintf("d8:msg_typei1e5:piecei%de10:total_sizei%dee%s", piece, len(meta.Info.Raw), part))
	}
}

// TestGetByLink downloads what a link names: the metadata comes from one peer, and the
// content from another.
func TestGetByLink(t *testing.T) {
	isolate(t)
	makeContent(t, 1<<20)
	shoal(t, exitOK, "create", "album", "--piece-length", "16KiB")
	link, _ := shoal(t, exitOK, "magnet", "album.torrent")
	link = strings.TrimSpace(link)
	require.True(t, strings.HasPrefix(link, "magnet:?xt=urn:btih:"), link)
	_, seed := seeding(t, "album.torrent")
	peers := metadataPeer(t, "album.torrent") + "," + seed
	stdout, _ := shoal(t, exitOK, "get", link, "--dir", "got", "--listen", "off", "-q", "--peer", peers)
	require.Contains(t, stdout, "album: fetching the metadata")
	require.Contains(t, stdout, "album: complete in")
	equalFolders(t, "album", "got/album")

	// What was fetched is remembered, so that nobody is asked again.
	stdout, _ = shoal(t, exitOK, "get", link, "--dir", "got", "--listen", "off", "-q", "--json")
	require.NotContains(t, stdout, `"metadata"`)
	require.Equal(t, "album", event(t, stdout, "completed")["name"])
}

// TestGetOfAPausedLink goes on with a link that another program paused.
func TestGetOfAPausedLink(t *testing.T) {
	isolate(t)
	makeContent(t, 1<<18)
	shoal(t, exitOK, "create", "album")
	id := infoHashOf(t, "album.torrent")
	c, err := client.New(client.Config{Dir: "got", State: "state", Listen: client.Off})
	require.NoError(t, err)
	_, err = c.Add(t.Context(), id, client.AddOptions{Paused: true})
	require.NoError(t, err)
	require.NoError(t, c.Close())
	_, seed := seeding(t, "album.torrent")
	shoal(t, exitOK, "get", id, "--dir", "got", "--state", "state", "--listen", "off", "--peer", metadataPeer(t, "album.torrent")+","+seed)
	equalFolders(t, "album", "got/album")
}

// TestGetByLinkOfAPeerThatIsNotThere says so while the metadata is fetched.
func TestGetByLinkOfAPeerThatIsNotThere(t *testing.T) {
	isolate(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, l.Close())
	r := start(t, "get", "0123456789abcdef0123456789abcdef01234567", "--listen", "off", "--peer", l.Addr().String())
	r.err.await(t, "it refused the connection")
	r.err.await(t, "Check that a client is running there.")
	r.stop()
	r.wait(t, exitInterrupted)
	require.Contains(t, r.out.String(), "stopped while the metadata was fetched")
}

// TestMetadataOnly keeps the .torrent file of a link and makes no other file.
func TestMetadataOnly(t *testing.T) {
	isolate(t)
	makeContent(t, 1<<18)
	shoal(t, exitOK, "create", "album")
	id := infoHashOf(t, "album.torrent")
	peer := metadataPeer(t, "album.torrent")
	args := []string{"get", id, "--metadata-only", "--peer", peer, "--listen", "off", "--dir", "elsewhere"}
	stdout, _ := shoal(t, exitOK, append(args, "-o", "copy.torrent")...)
	require.Contains(t, stdout, "Wrote copy.torrent")
	require.Equal(t, id, infoHashOf(t, "copy.torrent"))
	require.NoDirExists(t, "elsewhere")
	stdout, _ = shoal(t, exitOK, append(args, "-o", "-")...)
	copied, err := metainfo.Parse([]byte(stdout))
	require.NoError(t, err)
	require.Equal(t, "album", copied.Info.Name)
	require.NoError(t, os.WriteFile("copy.torrent", []byte("something else"), 0o666))
	_, stderr := shoal(t, exitFailed, append(args, "-o", "copy.torrent")...)
	require.Contains(t, stderr, "copy.torrent")
	_, stderr = shoal(t, exitFailed, args...)
	require.Contains(t, stderr, "album.torrent already exists")
	stdout, _ = shoal(t, exitOK, append(args, "--json", "--force")...)
	require.Equal(t, "album.torrent", event(t, stdout, "created")["path"])
}

func infoHashOf(t *testing.T, path string) string {
	t.Helper()
	meta, err := metainfo.ReadFile(path)
	require.NoError(t, err)
	return fmt.Sprintf("%x", meta.Info.HashV1)
}

// TestLinkToVerify prints the command that gets the .torrent file of a link.
func TestLinkToVerify(t *testing.T) {
	isolate(t)
	makeContent(t, 1<<18)
	shoal(t, exitOK, "create", "album", "-o", "it.torrent")
	link, _ := shoal(t, exitOK, "magnet", "it.torrent")
	_, stderr := shoal(t, exitFailed, "verify", strings.TrimSpace(link))
	_, command, ok := strings.Cut(stderr, "To get the .torrent file: shoal ")
	require.True(t, ok, stderr)
	args := shellWords(t, strings.TrimSpace(command))
	shoal(t, exitOK, append(args, "--peer", metadataPeer(t, "it.torrent"), "--listen", "off")...)
	shoal(t, exitOK, "verify", "album.torrent")
}
