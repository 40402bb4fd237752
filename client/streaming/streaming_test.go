package streaming_test

import (
	"context"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shoal-bt/shoal/client"
	"github.com/shoal-bt/shoal/client/streaming"
	"github.com/shoal-bt/shoal/metainfo"
	"github.com/shoal-bt/shoal/metainfo/builder"
	"github.com/shoal-bt/shoal/stream"
)

var names = []string{"a.txt", "b.bin", "empty", "z/c.mp4"}

var contents = []string{strings.Repeat("text ", 30), strings.Repeat("bytes", 40_000), "", strings.Repeat("video", 60_000)}

// newSeeder returns a client that shares four files, and their torrent.
func newSeeder(t *testing.T, format metainfo.Format) (*client.Client, *metainfo.Torrent) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "films")
	require.NoError(t, os.MkdirAll(filepath.Join(dir, "z"), 0o777))
	for i, name := range names {
		require.NoError(t, os.WriteFile(filepath.Join(dir, filepath.FromSlash(name)), []byte(contents[i]), 0o666))
	}
	require.NoError(t, os.Symlink("a.txt", filepath.Join(dir, "link")))
	c := newClient(t)
	seed, err := c.Seed(t.Context(), dir, client.SeedOptions{Build: builder.Options{Format: format, PieceLength: 16 << 10}})
	require.NoError(t, err)
	meta, err := seed.Metainfo()
	require.NoError(t, err)
	return c, meta
}

func newClient(t *testing.T) *client.Client {
	t.Helper()
	c, err := client.New(client.Config{Dir: t.TempDir(), State: client.Off, Listen: "127.0.0.1:0"})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, c.Close()) })
	return c
}

func TestFiles(t *testing.T) {
	for _, format := range []metainfo.Format{metainfo.V1, metainfo.V2, metainfo.Hybrid} {
		seeder, meta := newSeeder(t, format)
		c := newClient(t)
		tor, err := c.Add(t.Context(), meta)
		require.NoError(t, err)
		st := streaming.New(tor)
		require.Equal(t, tor.ID().String(), st.ID())
		require.Equal(t, "films", st.Name())
		require.Same(t, &st.Files()[0], &st.Files()[0], "the list is made for each request")
		tags := make(map[string]bool)
		for i, f := range st.Files() {
			require.Equal(t, "films/"+names[i], f.Path)
			require.EqualValues(t, len(contents[i]), f.Length)
			require.Zero(t, f.Held)
			require.Equal(t, f.Length == 0, f.Started)
			require.Regexp(t, `^"[0-9a-f]{40,64}(-\d+)?"$`, f.ETag)
			tags[f.ETag] = true
		}
		require.Len(t, tags, len(names))
		require.NoError(t, tor.AddPeers(seeder.Addr()))
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		require.NoError(t, tor.Wait(ctx))
		require.Eventually(t, func() bool {
			for _, f := range st.Files() {
				if f.Held != f.Length || !f.Started {
					return false
				}
			}
			return len(st.Files()) == len(names)
		}, time.Minute, 10*time.Millisecond)
	}
}

// Files are served while they come, and a request that ends is no reader any more.
func TestServe(t *testing.T) {
	seeder, meta := newSeeder(t, metainfo.V1)
	c := newClient(t)
	tor, err := c.Add(t.Context(), meta)
	require.NoError(t, err)
	st := streaming.New(tor)
	h, err := stream.New(stream.Config{Torrents: func() []stream.Torrent { return []stream.Torrent{st} }})
	require.NoError(t, err)
	server := httptest.NewServer(h)
	defer server.Close()
	get := func(ctx context.Context, i int, ranges string) (*http.Response, error) {
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, h.FileURL(server.URL, st, i), nil)
		require.NoError(t, err)
		if ranges != "" {
			r.Header.Set("Range", ranges)
		}
		return server.Client().Do(r)
	}
	ctx, cancel := context.WithCancel(t.Context())
	left := make(chan error, 1)
	go func() {
		_, err := get(ctx, 1, "")
		left <- err
	}()
	require.Eventually(t, func() bool { return len(tor.Readers()) == 1 }, time.Minute, time.Millisecond)
	cancel()
	require.Error(t, <-left)
	require.Eventually(t, func() bool { return len(tor.Readers()) == 0 }, time.Minute, time.Millisecond)

	require.NoError(t, tor.AddPeers(seeder.Addr()))
	for i := range names {
		res, err := get(t.Context(), i, "")
		require.NoError(t, err)
		b, err := io.ReadAll(res.Body)
		require.NoError(t, err)
		require.NoError(t, res.Body.Close())
		require.True(t, contents[i] == string(b), names[i])
		require.Equal(t, st.Files()[i].ETag, res.Header.Get("ETag"))
	}
	res, err := get(t.Context(), 3, "bytes=-5")
	require.NoError(t, err)
	b, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	require.Equal(t, http.StatusPartialContent, res.StatusCode)
	require.Equal(t, "video", string(b))
	require.Eventually(t, func() bool { return len(tor.Readers()) == 0 }, time.Minute, time.Millisecond)
}

// What cannot be opened has an error and no reader.
func TestOpenErrors(t *testing.T) {
	_, meta := newSeeder(t, metainfo.V1)
	c := newClient(t)
	link, err := c.Add(t.Context(), &metainfo.Magnet{HashV1: meta.IDs()[0]})
	require.NoError(t, err)
	st := streaming.New(link)
	require.Empty(t, st.Files())
	r, err := st.Open(t.Context(), 0)
	require.ErrorIs(t, err, client.ErrNoMetadata)
	require.True(t, r == nil)
	require.NoError(t, c.Remove(link, client.Keep))

	tor, err := c.Add(t.Context(), meta)
	require.NoError(t, err)
	st = streaming.New(tor)
	for _, i := range []int{-1, len(names)} {
		_, err = st.Open(t.Context(), i)
		require.ErrorIs(t, err, fs.ErrNotExist)
	}
	r, err = st.Open(t.Context(), 0)
	require.NoError(t, err)
	require.NoError(t, r.Close())
	require.NoError(t, c.Remove(tor, client.Keep))
	r, err = st.Open(t.Context(), 0)
	require.ErrorIs(t, err, client.ErrRemoved)
	require.True(t, r == nil)
	_, err = streaming.New(tor).Open(t.Context(), 0)
	require.ErrorIs(t, err, client.ErrRemoved)
}
