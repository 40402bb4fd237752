package client_test

import (
	"bytes"
	"context"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shoal-bt/shoal/client"
	"github.com/shoal-bt/shoal/metainfo"
	"github.com/shoal-bt/shoal/metainfo/builder"
)

// testTimeout ends waits that should take milliseconds.
const testTimeout = 30 * time.Second

func within(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), testTimeout)
	t.Cleanup(cancel)
	return ctx
}

// content returns n bytes that depend on seed.
func content(seed uint64, n int) []byte {
	b := make([]byte, n)
	rand.NewChaCha8([32]byte{byte(seed), byte(seed >> 8)}).Read(b)
	return b
}

// metaOf returns the metainfo of a torrent.
func metaOf(t testing.TB, tor *client.Torrent) *metainfo.Torrent {
	t.Helper()
	m, err := tor.Metainfo()
	require.NoError(t, err)
	return m
}

// newClient makes a client that listens on loopback and remembers nothing, unless config
// says otherwise.
func newClient(t *testing.T, config client.Config) *client.Client {
	t.Helper()
	if config.Dir == "" {
		config.Dir = t.TempDir()
	}
	if config.State == "" {
		config.State = client.Off
	}
	if config.Listen == "" {
		config.Listen = "127.0.0.1:0"
	}
	c, err := client.New(config)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, c.Close()) })
	return c
}

// folder makes a folder of some files and returns its path.
func folder(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "album")
	for name, n := range map[string]int{"one.bin": 300_000, "two/a.bin": 70_000, "two/b.bin": 1, "empty": 0} {
		path := filepath.Join(dir, filepath.FromSlash(name))
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o777))
		require.NoError(t, os.WriteFile(path, content(uint64(n), n), 0o666))
	}
	return dir
}

// sameTree fails the test unless two folders hold the same files.
func sameTree(t *testing.T, want, got string) {
	t.Helper()
	files := 0
	require.NoError(t, filepath.WalkDir(want, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		files++
		rel, err := filepath.Rel(want, path)
		require.NoError(t, err)
		a, err := os.ReadFile(path)
		require.NoError(t, err)
		b, err := os.ReadFile(filepath.Join(got, rel))
		require.NoError(t, err)
		require.True(t, bytes.Equal(a, b), "%s differs", rel)
		return nil
	}))
	require.NotZero(t, files)
}

func small() client.SeedOptions {
	return client.SeedOptions{Build: builder.Options{PieceLength: 16 << 10}}
}

func TestDownload(t *testing.T) {
	dir := folder(t)
	seeder := newClient(t, client.Config{})
	seed, err := seeder.Seed(within(t), dir, small())
	require.NoError(t, err)
	require.Equal(t, "album", seed.Name())
	require.Equal(t, 1.0, seed.Progress())
	b, err := metaOf(t, seed).Bytes()
	require.NoError(t, err)

	leecher := newClient(t, client.Config{})
	tor, err := leecher.Add(within(t), b)
	require.NoError(t, err)
	require.NoError(t, tor.AddPeers(seeder.Addr()))
	require.NoError(t, tor.Wait(within(t)))
	require.Equal(t, 1.0, tor.Progress())
	sameTree(t, dir, filepath.Join(tor.Dir(), "album"))
}
