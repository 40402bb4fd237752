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
	return linkPeer(t, path, serveMetadata)
}

// linkPeer starts a peer of a torrent. It returns its address.
func linkPeer(t *testing.T, path string, serve func(net.Conn, *metainfo.Torrent)) string {
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
				serve(c, meta)
			}()
		}
	}()
	return l.Addr().String()
}

// shakeHands sends and reads the first messages of a peer that has metadata. It reports false
// if the connection has ended.
func shakeHands(c net.Conn, meta *metainfo.Torrent) bool {
	var theirs [68]byte
	if _, err := io.ReadFull(c, theirs[:]); err != nil {
		return false
	}
	ours := append([]byte{19}, "BitTorrent protocol"...)
	ours = append(ours, 0, 0, 0, 0, 0, 0x10, 0, 0)
	ours = append(ours, meta.Info.HashV1[:]...)
	c.Write(append(ours, "-XX0000-metadatapeer"...))
	sendExtended(c, 0, fmt.Sprintf("d1:md11:ut_metadatai3ee13:metadata_sizei%dee", len(meta.Info.Raw)))
	return true
}

// sendExtended sends a message of the extension protocol.
func sendExtended(c net.Conn, number byte, body string) {
	var b bytes.Buffer
	binary.Write(&b, binary.BigEndian, uint32(2+len(body)))
	b.Write([]byte{20, number})
	b.WriteString(body)
	c.Write(b.Bytes())
}

// serveMetadata answers requests for metadata until the connection ends.
func serveMetadata(c net.Conn, meta *metainfo.Torrent) {
	if !shakeHands(c, meta) {
		return
	}
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
		sendExtended(c, number, fmt.Sprintf("d8:msg_typei1e5:piecei%de10:total_sizei%dee%s", piece, len(meta.Info.Raw), part))
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

// TestGetShowsHowFarTheMetadataIs meets a peer that says how much there is and sends nothing.
func TestGetShowsHowFarTheMetadataIs(t *testing.T) {
	isolate(t)
	makeContent(t, 1<<18)
	shoal(t, exitOK, "create", "album")
	peer := linkPeer(t, "album.torrent", func(c net.Conn, meta *metainfo.Torrent) {
		if shakeHands(c, meta) {
			io.Copy(io.Discard, c)
		}
	})
	r := start(t, "get", infoHashOf(t, "album.torrent"), "--listen", "off", "--peer", peer, "--json")
	r.out.await(t, `"state":"fetching metadata","peers":1,"held":0,"pieces":1}`)
	r.stop()
	r.wait(t, exitInterrupted)
}

// TestGetOneTorrentTwice names a torrent by a link and in another way. It is downloaded once, and
// nothing waits for the other.
func TestGetOneTorrentTwice(t *testing.T) {
	isolate(t)
	makeContent(t, 1<<18)
	shoal(t, exitOK, "create", "album", "--format", "hybrid")
	link, _ := shoal(t, exitOK, "magnet", "album.torrent")
	parsed, err := metainfo.ParseMagnet(strings.TrimSpace(link))
	require.NoError(t, err)
	_, seed := seeding(t, "album.torrent")
	v1, v2 := fmt.Sprintf("%x", parsed.HashV1), fmt.Sprintf("%x", parsed.HashV2)
	const used = "Its trackers and peers are used as well."
	for name, test := range map[string]struct {
		torrents []string
		want     string // regular expression of what is printed
	}{
		"a .torrent file after its link": {[]string{v1, "album.torrent"}, ""},
		"a link after its .torrent file": {[]string{"album.torrent", v1}, used},
		"one link twice":                 {[]string{v1, v1}, used},
		"both hashes of a hybrid":        {[]string{v1, v2}, "it is the same torrent as|" + used},
	} {
		t.Run(name, func(t *testing.T) {
			args := append([]string{"get", "-q", "--listen", "off", "--state", "off", "--dir", t.TempDir(), "--peer", seed}, test.torrents...)
			stdout, stderr := shoal(t, exitOK, args...)
			require.Regexp(t, test.want, stdout+strings.Join(strings.Fields(stderr), " "))
			require.Equal(t, 1, strings.Count(stdout, "album: complete in"), stdout)
			require.NotContains(t, stdout, "stopped")
		})
	}
}

// TestGetByLinkThatNamesAPeer does not say that nobody can name peers.
func TestGetByLinkThatNamesAPeer(t *testing.T) {
	isolate(t)
	makeContent(t, 1<<18)
	shoal(t, exitOK, "create", "album")
	link, _ := shoal(t, exitOK, "magnet", "album.torrent")
	_, seed := seeding(t, "album.torrent")
	_, stderr := shoal(t, exitOK, "get", strings.TrimSpace(link)+"&x.pe="+seed, "-q", "--listen", "off", "--dir", "got")
	require.NotContains(t, stderr, "cannot find peers")
}

// TestGetByLinkOfAPeerThatLeaves says so if the user named that peer.
func TestGetByLinkOfAPeerThatLeaves(t *testing.T) {
	isolate(t)
	makeContent(t, 1<<18)
	shoal(t, exitOK, "create", "album")
	peer := linkPeer(t, "album.torrent", func(c net.Conn, meta *metainfo.Torrent) { shakeHands(c, meta) })
	r := start(t, "get", infoHashOf(t, "album.torrent"), "--listen", "off", "--peer", peer)
	r.err.await(t, peer+": it closed the connection before the metadata was here")
	r.err.await(t, "Shoal tries it again.")
	r.stop()
	r.wait(t, exitInterrupted)
}

// TestLinkToALocalFile does not blame the network for what Shoal refuses.
func TestLinkToALocalFile(t *testing.T) {
	isolate(t)
	r := start(t, "get", "magnet:?xt=urn:btih:0123456789abcdef0123456789abcdef01234567&xs=http://127.0.0.1:1/a.torrent", "--listen", "off")
	r.err.await(t, "http://127.0.0.1:1/a.torrent: it is an address of this machine or its network")
	r.err.await(t, "name a peer with --peer HOST:PORT, or a tracker with")
	r.stop()
	r.wait(t, exitInterrupted)
	require.NotContains(t, r.err.String(), "online")
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

	// Where no torrent can go is found before anybody is asked, as here nobody can be.
	require.NoError(t, os.WriteFile("notes", []byte("something else"), 0o666))
	for _, output := range []string{"album", "missing/copy.torrent", "notes"} {
		_, stderr := shoal(t, exitFailed, "get", strings.Repeat("1", 40), "--metadata-only", "--listen", "off", "--force", "-o", output)
		require.Contains(t, stderr, output)
	}
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

// A hash that is a digit short or long is not looked for as a file alone.
func TestCutHash(t *testing.T) {
	isolate(t)
	hash := strings.Repeat("0aB3", 10)
	for digits, name := range map[string]string{"39": hash[1:], "41": hash + "f"} {
		for _, command := range [][]string{{"get"}, {"inspect"}, {"dht", "peers"}} {
			_, stderr := shoal(t, exitFailed, append(command, name)...)
			require.Contains(t, stderr, "that has 40 or 64 hexadecimal digits, not "+digits)
		}
	}
	_, stderr := shoal(t, exitFailed, "get", "decade")
	require.Contains(t, stderr, "decade: no such file or directory")
}
