package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/shoal-bt/shoal/e2e/internal/browser"
	"github.com/shoal-bt/shoal/metainfo/builder"
	"github.com/stretchr/testify/require"
)

const (
	streamPiece = 256 << 10
	streamRate  = 1 << 20 // bytes that the seed uploads per second; the film has about 3/4 of it
)

// What comes with the film.
const (
	textName = "read me.txt"
	filmText = "There is little to read.\n"
)

// subtitles of the film. The text is in Windows-1252 and has markup that must not become any.
const subtitles = "1\r\n00:00:01,000 --> 00:00:59,500\r\n<i>Gr\xfc\xdfe</i> & <img src=x onerror=alert(1)>\r\n\r\n"

// makeFilmTorrent makes a torrent with the film, its subtitles and a text, and returns its file.
func makeFilmTorrent(t *testing.T) (c content, file string) {
	t.Helper()
	c = content{t.TempDir(), "An evening"}
	dir := filepath.Join(c.dir, c.name)
	require.NoError(t, os.Mkdir(dir, 0o755))
	require.NoError(t, os.Link(film(t), filepath.Join(dir, filmName)))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "A film.de.srt"), []byte(subtitles), 0o644))
	require.NoError(t, os.WriteFile(filepath.Join(dir, textName), []byte(filmText), 0o644))
	_, file = c.torrent(t, builder.Options{PieceLength: streamPiece})
	return c, file
}

// TestStreamPlays has Chromium play a film out of the index page, from the middle, while it is
// downloaded from libtorrent at a limited rate.
func TestStreamPlays(t *testing.T) {
	t.Parallel()
	needPrograms(t, chromium)
	need(t, libtorrent{})
	n := ownNetwork(t)
	c, file := makeFilmTorrent(t)
	b := startBrowser(t, n)
	seed := libtorrent{}.start(t, n.inside(), job{torrent: file, dir: c.dir, seed: true, upLimit: streamRate})
	s := startStreaming(t, n, file, t.TempDir(), seed.addr)

	page, err := b.Open(within(t), s.index)
	require.NoError(t, err)
	screenshot(t, page, "index")
	require.NoError(t, page.Click(within(t), `a[title="Play here"]`))
	require.NoError(t, page.Loaded(within(t)))
	v := player{page}
	v.awaitTime(t, 0.5)
	v.seek(t, filmSeconds/2)
	v.awaitTime(t, filmSeconds/2+2)
	left := s.left(t)
	shown, claimed := v.pictureTime(t)
	screenshot(t, page, "playing")
	require.InDelta(t, claimed, shown, 1, "the picture is of another time")
	require.Greater(t, left, int64(streamPiece), "the download had ended before")
	t.Logf("it played up to %.1f s when %d KiB were missing", claimed, left>>10)
	require.Equal(t, []string{"Grüße & <img src=x onerror=alert(1)>"}, v.subtitles(t))
	screenshot(t, page, "subtitles")
	require.Empty(t, page.Notes())
	s.requireOwnRequests(t, page)
}

// requireOwnRequests fails the test if a page asked for anything of another server. The browser itself
// asks for the icon of pages that name none.
func (s *streaming) requireOwnRequests(t *testing.T, page *browser.Page) {
	t.Helper()
	for _, url := range page.Requests() {
		own := strings.HasPrefix(url, s.index) || url == s.base(t)+"/favicon.ico" || strings.HasPrefix(url, "data:")
		require.True(t, own, url)
	}
}

// screenshot stores what is seen of a page in the folder that SHOAL_SCREENSHOTS names.
func screenshot(t *testing.T, page *browser.Page, name string) {
	t.Helper()
	dir := os.Getenv("SHOAL_SCREENSHOTS")
	if dir == "" {
		return
	}
	png, err := page.Screenshot(within(t))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, t.Name()+"-"+name+".png"), png, 0o644))
}
