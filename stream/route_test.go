package stream

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestParseRoute(t *testing.T) {
	for path, want := range map[string]route{
		"":                        {kind: kindIndex},
		"c0ffee/":                 {kind: kindTorrent, torrent: "c0ffee"},
		"c0ffee/progress":         {kind: kindProgress, torrent: "c0ffee"},
		"c0ffee/file/12/name.mp4": {kind: kindFile, torrent: "c0ffee", file: 12},
		"c0ffee/file/0/a%2fb":     {kind: kindFile, torrent: "c0ffee"},
		"c0ffee/file/0/":          {kind: kindFile, torrent: "c0ffee"},
		"c0ffee/vtt/1/x.vtt":      {kind: kindSubtitles, torrent: "c0ffee", file: 1},
		"c0ffee/zip/x.zip":        {kind: kindArchive, torrent: "c0ffee"},
		"c0ffee/m3u8/x.m3u8":      {kind: kindM3U8, torrent: "c0ffee"},
		"c0ffee/m3u/x.m3u":        {kind: kindM3U, torrent: "c0ffee"},

		"c0ffee":                                 {},
		"c0ffee//":                               {torrent: "c0ffee"},
		"C0FFEE/":                                {},
		"../":                                    {},
		"%63/":                                   {},
		"c0ffee/file/1":                          {torrent: "c0ffee"},
		"c0ffee/file/-1/x":                       {torrent: "c0ffee"},
		"c0ffee/file/+1/x":                       {torrent: "c0ffee"},
		"c0ffee/file/01/x":                       {torrent: "c0ffee"},
		"c0ffee/file/99999999999999999999/x":     {torrent: "c0ffee"},
		"c0ffee/file/1/a/b":                      {torrent: "c0ffee"},
		"c0ffee/exec/1/a":                        {torrent: "c0ffee", file: 1},
		"c0ffee/zip/1/a":                         {torrent: "c0ffee", file: 1},
		strings.Repeat("0", 65) + "/":            {},
		"c0ffee/" + strings.Repeat("/", 100_000): {torrent: "c0ffee"},
	} {
		require.Equal(t, want, parseRoute(path), path)
	}
}

// TestURLs checks that what we write into URLs leads back to the file, whatever its name is.
func TestURLs(t *testing.T) {
	for _, name := range hostileNames {
		f := newFake(File{Path: "other"}, File{Path: name, Length: 3})
		h := newHandler(t, Config{}, f)
		u, err := url.Parse(h.FileURL("http://127.0.0.1:8080", f, 1))
		require.NoError(t, err, name)
		require.Equal(t, "127.0.0.1:8080", u.Host)
		require.Empty(t, u.RawQuery+u.Fragment)
		r := requestFor(t, h, "GET", u.String())
		require.Equal(t, http.StatusOK, r.StatusCode, name)
		require.Equal(t, bytesOf(1, 0, 3), body(t, r))
	}
}

// TestBelowAnotherPath puts a Handler below a path of somebody else's server.
func TestBelowAnotherPath(t *testing.T) {
	f := newFake(File{Path: "a b.mp3", Length: 3})
	h := newHandler(t, Config{}, f)
	r := httptest.NewRequest("GET", "/media"+h.root+testID+"/m3u8/x", nil)
	r.Host = "localhost:80"
	w := httptest.NewRecorder()
	http.StripPrefix("/media", h).ServeHTTP(w, r)
	require.Equal(t, http.StatusOK, w.Code)
	require.Contains(t, w.Body.String(), "\nhttp://localhost:80/media"+h.root+testID+"/file/0/a%20b.mp3\n")
}

// FuzzRoute sends any request target.
func FuzzRoute(f *testing.F) {
	for _, path := range []string{
		"", testID + "/", testID + "/?folder=a&page=2&play=0", testID + "/progress?folder=", testID + "/file/0/x?download",
		testID + "/vtt/0/x", testID + "/zip/x?folder=a", testID + "/m3u8/x?file=0", testID + "/m3u/x?folder=..%2f", "%2f", "..", "a/%00/../b",
	} {
		f.Add(path)
	}
	f.Fuzz(func(t *testing.T, path string) {
		fake := newFake(File{Path: "a/b.mp4", Length: 10, Held: 5, Started: true}, File{Path: "a/b", Length: 10, Started: true})
		h := newHandler(t, Config{}, fake)
		u, err := url.ParseRequestURI("/" + testToken + "/" + path)
		if err != nil {
			return // net/http refuses it
		}
		r := &http.Request{Method: "GET", URL: u, RequestURI: u.RequestURI(), Host: "localhost", Header: http.Header{}, Body: http.NoBody}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r.WithContext(t.Context()))
		open, opened := fake.count()
		require.Zero(t, open)
		switch w.Code {
		case http.StatusOK, http.StatusFound, http.StatusNotFound:
		default:
			require.Fail(t, "unexpected status", "%d for %q", w.Code, path)
		}
		if w.Code == http.StatusNotFound {
			require.Zero(t, opened)
		}
		require.Equal(t, "nosniff", w.Header().Get("X-Content-Type-Options"))
		require.Contains(t, w.Header().Get("Content-Security-Policy"), "default-src 'none'")
	})
}
