package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/netip"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shoal-bt/shoal/client"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/console"
)

func TestErrorsAreReportedOnce(t *testing.T) {
	full := func(op string) error { return fmt.Errorf("%s: %w", op, syscall.ENOSPC) }
	s := &session{c: new(console.Console), items: []*item{{}, {err: full("write")}}}
	require.True(t, s.alreadyReported(full("closing")))
	require.False(t, s.alreadyReported(nil))
	require.False(t, s.alreadyReported(errors.New("other")))
	require.False(t, s.alreadyReported(fs.ErrPermission))
	require.False(t, (&session{c: new(console.Console), items: []*item{{}}}).alreadyReported(full("closing")))
}

// TestFiguresOfThisRun adds a torrent to the session when its first bytes are there already,
// as happens when a peer is quick.
func TestFiguresOfThisRun(t *testing.T) {
	isolate(t)
	makeContent(t, 1<<18)
	shoal(t, exitOK, "create", "album")
	_, peer := seeding(t, "album.torrent")
	s, err := openSession(console.New(nil, io.Discard, io.Discard), client.Config{}, nil)
	require.NoError(t, err)
	defer s.close()
	tor, err := s.client.Add(t.Context(), "album.torrent", client.AddOptions{Dir: "got", Peers: []netip.AddrPort{netip.MustParseAddrPort(peer)}})
	require.NoError(t, err)
	require.NoError(t, tor.Wait(t.Context()))
	v := s.view(s.add(tor, "album.torrent"))
	require.EqualValues(t, 1<<18, v.Received)
	require.Zero(t, v.Sent)
}

// TestLinkWhoseMetadataComesAtOnce adds a link to the session when its metadata is there
// already. It is checked as if it had come later.
func TestLinkWhoseMetadataComesAtOnce(t *testing.T) {
	isolate(t)
	makeContent(t, 1<<18)
	shoal(t, exitOK, "create", "album")
	link, _ := shoal(t, exitOK, "magnet", "album.torrent")
	_, peer := seeding(t, "album.torrent")
	s, err := openSession(console.New(nil, io.Discard, io.Discard), client.Config{}, nil)
	require.NoError(t, err)
	defer s.close()
	tor, err := s.client.Add(t.Context(), strings.TrimSpace(link), client.AddOptions{Dir: "got", Peers: []netip.AddrPort{netip.MustParseAddrPort(peer)}})
	require.NoError(t, err)
	require.NoError(t, tor.Ready(t.Context()))
	refused := errors.New("refused")
	s.admit = func(*item) error { return refused }
	s.addLink(tor, "link")
	require.ErrorIs(t, s.items[0].err, refused)
}

// That the DHT works again is said once.
func TestDHTWorksAgain(t *testing.T) {
	isolate(t)
	var out bytes.Buffer
	s, err := openSession(console.New(nil, &out, &out), client.Config{}, nil)
	require.NoError(t, err)
	defer s.close()
	s.dhtFailed = true
	s.handleDHT(client.DHTBootstrapped{Nodes: 1})
	s.handleDHT(client.DHTBootstrapped{Nodes: 1})
	require.Equal(t, "The DHT works now: 0 nodes known.\n", out.String()) // it is off, in fact
}
