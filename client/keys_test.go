package client_test

import (
	"context"
	"crypto/ed25519"
	"net/netip"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shoal-bt/shoal/client"
	"github.com/shoal-bt/shoal/dht"
	"github.com/shoal-bt/shoal/dht/item"
	"github.com/shoal-bt/shoal/metainfo"
	"github.com/shoal-bt/shoal/metainfo/builder"
	"github.com/shoal-bt/shoal/swarm"
)

// publish stores in the DHT which torrent a key stands for, and returns the link of the key.
func publish(t *testing.T, node *dht.Node, seq int64, hash swarm.ID) *metainfo.Magnet {
	t.Helper()
	private := ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))
	i, err := item.Sign(private, []byte("news"), seq, dht.VersionValue(hash))
	require.NoError(t, err)
	_, err = node.Put(within(t), i, nil)
	require.NoError(t, err)
	return &metainfo.Magnet{PublicKey: [32]byte(i.Key), Salt: i.Salt}
}

// TestLinkWithKey downloads what a key stands for, hears that it stands for another torrent now,
// and downloads that as well. Nothing of the first is removed.
func TestLinkWithKey(t *testing.T) {
	nodes := startDHT(t, 8)
	seeder := newClient(t, withDHT(nodes[0]))
	events := seeder.Events(client.AllEvents, 0)
	var hashes []swarm.ID
	for _, name := range []string{"first.txt", "second.txt"} {
		seed, err := seeder.Seed(within(t), []byte("the content of "+name), client.SeedOptions{Build: builder.Options{Name: name}})
		require.NoError(t, err)
		awaitAnnounce(t, events)
		hashes = append(hashes, seed.ID())
	}
	publisher, err := seeder.DHT()
	require.NoError(t, err)
	link := publish(t, publisher, 1, hashes[0])

	leecher := newClient(t, withDHT(nodes[3]))
	heard := leecher.Events(client.OnVersion, 0)
	first, err := leecher.Add(within(t), link.String())
	require.NoError(t, err)
	require.Equal(t, hashes[0], first.ID())
	require.Empty(t, link.IDs(), "the caller's link stays as it is")
	require.NoError(t, first.Wait(within(t)))
	again, err := leecher.Add(within(t), link)
	require.ErrorIs(t, err, client.ErrDuplicate)
	require.Same(t, first, again)
	require.NoError(t, leecher.Remove(first, client.Keep))

	publish(t, publisher, 2, hashes[1])
	link.HashV1 = hashes[0]
	first, err = leecher.Add(within(t), link) // which has the first hash, and a key with the second
	require.NoError(t, err)
	require.Equal(t, hashes[0], first.ID())
	version, _ := until[client.NewVersion](t, heard)
	require.Equal(t, client.NewVersion{Torrent: hashes[0], Hash: hashes[1], Seq: 2}, version)
	require.Equal(t, hashes[0], client.TorrentOf(version))
	second, err := leecher.Add(within(t), version.Hash)
	require.NoError(t, err)
	require.NoError(t, second.Wait(within(t)))
	for _, name := range []string{"first.txt", "second.txt"} {
		b, err := os.ReadFile(filepath.Join(second.Dir(), name))
		require.NoError(t, err)
		require.Equal(t, "the content of "+name, string(b))
	}
}

// TestKeyOfNothing adds links whose key cannot be looked up.
func TestKeyOfNothing(t *testing.T) {
	nodes := startDHT(t, 4)
	c := newClient(t, withDHT(nodes[0]))
	_, err := c.Add(within(t), &metainfo.Magnet{PublicKey: [32]byte{9}, Name: "news"})
	require.ErrorIs(t, err, dht.ErrNotFound)
	require.ErrorContains(t, err, `client: looking up the key of "news"`)
	require.Empty(t, c.Torrents())

	silent := newClient(t, withDHT(loopback(t).LocalAddr().String()))
	ctx, stop := context.WithCancel(t.Context())
	added := make(chan error, 2)
	for _, ctx := range []context.Context{ctx, t.Context()} {
		go func() {
			_, err := silent.Add(ctx, &metainfo.Magnet{PublicKey: [32]byte{9}})
			added <- err
		}()
	}
	stop()
	require.ErrorIs(t, <-added, context.Canceled)
	require.NoError(t, silent.Close())
	require.ErrorIs(t, <-added, client.ErrClosed)
}

// TestKeyOfAPrivateTorrent has a link whose key stands for a torrent that proves private. From then
// on nobody is asked about the key, also if the link is added again.
func TestKeyOfAPrivateTorrent(t *testing.T) {
	nodes := startDHT(t, 8)
	seeder := newClient(t, withDHT(nodes[0]))
	seed, err := seeder.Seed(within(t), []byte("secret fish"), client.SeedOptions{Build: builder.Options{Name: "secret.txt", Private: true}})
	require.NoError(t, err)
	other := newClient(t, withDHT(nodes[1]))
	publisher, err := other.DHT()
	require.NoError(t, err)
	link := publish(t, publisher, 1, seed.ID())

	leecher := newClient(t, withDHT(nodes[3]))
	tor, err := leecher.Add(within(t), link, client.AddOptions{Peers: []netip.AddrPort{seeder.Addr()}})
	require.NoError(t, err)
	require.NoError(t, tor.Wait(within(t)))
	isClosed := func() bool { return !leecher.DHTStats().Open }
	require.Eventually(t, isClosed, testTimeout, time.Millisecond)
	link.HashV1 = seed.ID()
	_, err = leecher.Add(within(t), link)
	require.ErrorIs(t, err, client.ErrDuplicate)
	require.Eventually(t, isClosed, testTimeout, time.Millisecond)

	_, err = leecher.Add(within(t), &metainfo.Magnet{PublicKey: [32]byte{9}})
	require.ErrorIs(t, err, dht.ErrNotFound)
	require.Eventually(t, isClosed, testTimeout, time.Millisecond, "a key of nothing leaves no node either")
}
