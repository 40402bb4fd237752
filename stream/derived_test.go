package stream

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// TestShownTypes checks what a browser may show: what cannot script, and nothing else.
func TestShownTypes(t *testing.T) {
	for name, want := range map[string]string{
		"a.mp4": "video/mp4", "a.WEBM": "video/webm", "a.mp3": "audio/mpeg", "a.jpg": "image/jpeg", "a.png": "image/png",
		"a.txt": "text/plain; charset=utf-8", "a.vtt": "text/vtt; charset=utf-8",
		"a.html": "", "a.htm": "", "a.xhtml": "", "a.svg": "", "a.svgz": "", "a.xml": "", "a.pdf": "", "a.js": "", "a.exe": "", "a.zip": "",
		"a.swf": "", "a.mht": "", "a": "", "a.mp4.html": "", "html": "", "a.mp4 ": "", "a.html\x00.mp4": "video/mp4", "a.shtml": "", "a.xsl": "",
	} {
		f := newFake(File{Path: name, Length: 100})
		h := newHandler(t, Config{}, f)
		r := request(t, h, "GET", fileNumber(0))
		way, _, _ := strings.Cut(r.Header.Get("Content-Disposition"), ";")
		policy := r.Header.Get("Content-Security-Policy")
		require.Equal(t, "nosniff", r.Header.Get("X-Content-Type-Options"))
		require.Contains(t, policy, "default-src 'none'")
		require.NotContains(t, policy, "script")
		if want == "" {
			require.Equal(t, "attachment", way, name)
			require.True(t, strings.HasPrefix(policy, "sandbox; default-src 'none'"), name)
			require.NotRegexp(t, "html|xml|svg|pdf|script", r.Header.Get("Content-Type"))
			continue
		}
		require.Equal(t, "inline", way, name)
		require.Equal(t, want, r.Header.Get("Content-Type"), name)
		r = request(t, h, "GET", fileNumber(0)+"?download")
		require.True(t, strings.HasPrefix(r.Header.Get("Content-Disposition"), "attachment;"), name)
		require.True(t, strings.HasPrefix(r.Header.Get("Content-Security-Policy"), "sandbox;"), name)
	}
}

// TestTypeIsNotThatOfURL checks that the name in a URL decides nothing.
func TestTypeIsNotThatOfURL(t *testing.T) {
	h := newHandler(t, Config{}, newFake(File{Path: "a.bin", Length: 1}))
	for _, name := range []string{"a.html", "a.mp4", "a.svg"} {
		r := request(t, h, "GET", testID+"/file/0/"+name)
		require.Equal(t, "application/octet-stream", r.Header.Get("Content-Type"))
		require.Equal(t, `attachment; filename="a.bin"`, r.Header.Get("Content-Disposition"))
	}
}

// A textTorrent is a fakeTorrent whose files have a content.
type textTorrent struct {
	*fakeTorrent
	content []string
}

func newText(contents ...string) textTorrent {
	f := textTorrent{newFake(), contents}
	for i, c := range contents {
		f.files = append(f.files, File{Path: "file" + strconv.Itoa(i), Length: int64(len(c)), Held: int64(len(c)), Started: true})
	}
	return f
}

// A textReader reads a file of a textTorrent.
type textReader struct {
	*fakeReader
	*bytes.Reader
}

func (r textReader) Read(b []byte) (int, error) { return r.Reader.Read(b) }
func (r textReader) Seek(offset int64, whence int) (int64, error) {
	return r.Reader.Seek(offset, whence)
}

func (f textTorrent) Open(ctx context.Context, file int) (Reader, error) {
	r, err := f.fakeTorrent.Open(ctx, file)
	if err != nil {
		return nil, err
	}
	return textReader{r.(*fakeReader), bytes.NewReader([]byte(f.content[file]))}, nil
}

// TestSniffing checks that the bytes of a file are looked at only if its name says nothing and they
// are there.
func TestSniffing(t *testing.T) {
	webm := "\x1a\x45\xdf\xa3" + strings.Repeat("\x00", 10) + "webm" + strings.Repeat("\x00", 600)
	f := newText(webm, webm, "<html><script>", webm)
	f.files[1].Started = false
	f.files[3].Path = "page.html"
	h := newHandler(t, Config{}, f)
	for i, want := range []string{"video/webm", "application/octet-stream", "application/octet-stream", "application/octet-stream"} {
		r := request(t, h, "HEAD", fileNumber(i))
		require.Equal(t, want, r.Header.Get("Content-Type"), i)
	}
	open, opened := f.count()
	require.Zero(t, open)
	require.Equal(t, 2, opened)
}

// TestSniffingEnds checks that an answer does not wait for long if the first bytes are gone, for
// example because the torrent is checked again, and that nothing is asked for ahead.
func TestSniffingEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(File{Path: "a", Length: 1000, Started: true})
		f.missing = true
		h := newHandler(t, Config{}, f)
		since := time.Now()
		answered := make(chan *http.Response, 1)
		go func() { answered <- request(t, h, "HEAD", fileNumber(0)) }()
		synctest.Wait()
		f.mu.Lock()
		for r := range f.readers {
			r.mu.Lock()
			require.EqualValues(t, -1, r.ahead)
			r.mu.Unlock()
		}
		f.mu.Unlock()
		r := <-answered
		require.Equal(t, "application/octet-stream", r.Header.Get("Content-Type"))
		require.Equal(t, sniffTimeout, time.Since(since))
		open, opened := f.count()
		require.Zero(t, open)
		require.Equal(t, 1, opened)
	})
}

func TestDLNA(t *testing.T) {
	h := newHandler(t, Config{}, newFake(File{Path: "a.mkv"}, File{Path: "a.jpg"}, File{Path: "a.txt"}))
	for i, want := range []string{"Streaming", "Interactive", ""} {
		header := request(t, h, "HEAD", fileNumber(i)).Header
		if want == "" {
			require.NotContains(t, header, "transferMode.dlna.org")
			continue
		}
		mode, features := "transferMode.dlna.org", "contentFeatures.dlna.org"
		require.Equal(t, []string{want}, header[mode], "as it is written")
		require.Equal(t, []string{"DLNA.ORG_OP=01;DLNA.ORG_CI=0;DLNA.ORG_FLAGS=01700000000000000000000000000000"}, header[features])
	}
}

// TestArchive unpacks a folder.
func TestArchive(t *testing.T) {
	f := newFake(
		File{Path: "root/a/x.txt", Length: 100_000},
		File{Path: "root/a/../../y", Length: 3},
		File{Path: "root/a/empty"},
		File{Path: "root/b", Length: 5},
	)
	h := newHandler(t, Config{}, f)
	for query, want := range map[string][]string{
		"":                  {"root/a/x.txt", "root/a/y", "root/a/empty", "root/b"},
		"?folder=root%2Fa":  {"a/x.txt", "a/y", "a/empty"},
		"?folder=root%2Fa/": nil,
		"?folder=no":        nil,
	} {
		r := request(t, h, "GET", testID+"/zip/any.zip"+query)
		if want == nil {
			require.Equal(t, http.StatusNotFound, r.StatusCode, query)
			continue
		}
		require.Equal(t, "application/zip", r.Header.Get("Content-Type"))
		require.True(t, strings.HasPrefix(r.Header.Get("Content-Disposition"), "attachment;"))
		data := body(t, r)
		head := request(t, h, "HEAD", testID+"/zip/any.zip"+query)
		require.Equal(t, r.Header, head.Header)
		require.Equal(t, strconv.Itoa(len(data)), r.Header.Get("Content-Length"))
		z, err := zip.NewReader(strings.NewReader(data), int64(len(data)))
		require.NoError(t, err)
		require.Len(t, z.File, len(want))
		for i, file := range z.File {
			require.NotContains(t, file.Name, "..")
			require.Less(t, time.Since(file.Modified), time.Hour)
			in, err := file.Open()
			require.NoError(t, err)
			got, err := io.ReadAll(in)
			require.NoError(t, err)
			require.Equal(t, bytesOf(i, 0, f.files[i].Length), string(got))
		}
		require.Equal(t, want[0], z.File[0].Name)
		require.Equal(t, want[2], z.File[2].Name)
	}
	open, _ := f.count()
	require.Zero(t, open)

	f = newFake(File{Path: "a"}, File{Path: "b"})
	f.name = "The/Name"
	h = newHandler(t, Config{}, f)
	r := request(t, h, "GET", testID+"/zip/x.zip")
	require.Equal(t, `attachment; filename="The_Name.zip"`, r.Header.Get("Content-Disposition"))
	require.Contains(t, body(t, r), "The_Name/a", "unpacking makes one folder")
}

func TestPlaylists(t *testing.T) {
	f := newFake(File{Path: "r/1 #EXT\n.mp3", Length: 1}, File{Path: "r/2%2f.mkv", Length: 1}, File{Path: "r/x.txt"}, File{Path: "s/3.flac", Length: 1})
	h := newHandler(t, Config{}, f)
	lines := func(path string) (urls []string) {
		r := request(t, h, "GET", testID+path, "Host", "[::1]:99")
		require.Equal(t, http.StatusOK, r.StatusCode, path)
		for line := range strings.SplitSeq(body(t, r), "\n") {
			if line != "" && !strings.HasPrefix(line, "#") {
				urls = append(urls, strings.TrimPrefix(line, "http://[::1]:99"+h.root+testID+"/file/"))
			}
		}
		return urls
	}
	all := []string{"0/1%20%23EXT%0A.mp3", "1/2%252f.mkv", "3/3.flac"}
	require.Equal(t, all, lines("/m3u8/x.m3u8"))
	require.Equal(t, all, lines("/m3u/x.m3u"))
	require.Equal(t, all[:2], lines("/m3u8/x.m3u8?folder=r"))
	require.Equal(t, all[2:], lines("/m3u8/x.m3u8?file=3"))
	require.Empty(t, lines("/m3u8/x.m3u8?folder=no"))
	for _, file := range []string{"4", "-1", "x", ""} {
		require.Equal(t, http.StatusNotFound, request(t, h, "GET", testID+"/m3u8/x?file="+file).StatusCode, file)
	}
}

// TestSubtitles offers subtitles beside a video, as WebVTT.
func TestSubtitles(t *testing.T) {
	const srt = "1\r\n00:00:01,000 --> 00:00:02,500\r\nGr\xfc\xdfe\r\n"
	const vtt = "WEBVTT\n\n00:01.000 --> 00:02.000\nx\n"
	f := newText("video", srt, vtt, "other")
	f.files[0].Path, f.files[1].Path, f.files[2].Path, f.files[3].Path = "r/film.webm", "r/film.de.srt", "r/film.en.vtt", "r/x.txt"
	h := newHandler(t, Config{}, f)
	page := getPage(t, h, testID+"/?play=0")
	require.Regexp(t, `<track kind="subtitles" src="vtt/1/film.de.srt.vtt" label="[^"]+" srclang="de">`, page)
	require.Regexp(t, `<track kind="subtitles" src="vtt/2/film.en.vtt.vtt" label="[^"]+" srclang="en">`, page)

	r := request(t, h, "GET", testID+"/vtt/1/x")
	require.Equal(t, "text/vtt; charset=utf-8", r.Header.Get("Content-Type"))
	require.Equal(t, `inline; filename="film.de.srt.vtt"`, r.Header.Get("Content-Disposition"))
	text := body(t, r)
	require.True(t, strings.HasPrefix(text, "WEBVTT\n"), text)
	require.Contains(t, text, "00:00:01.000 --> 00:00:02.500\nGrüße\n")

	r = request(t, h, "GET", testID+"/vtt/2/x")
	require.Equal(t, "text/vtt; charset=utf-8", r.Header.Get("Content-Type"))
	require.Equal(t, vtt, body(t, r))
	for _, file := range []string{"0", "3", "4"} {
		require.Equal(t, http.StatusNotFound, request(t, h, "GET", testID+"/vtt/"+file+"/x").StatusCode)
	}
}

// TestLongSubtitles checks that a file that is too long for subtitles is not offered as such.
func TestLongSubtitles(t *testing.T) {
	f := newFake(File{Path: "a.mp4", Length: 1}, File{Path: "a.en.srt", Length: 8<<20 + 1}, File{Path: "b/a.de.srt", Length: 1})
	h := newHandler(t, Config{}, f)
	require.NotContains(t, getPage(t, h, testID+"/?play=0"), `src="vtt/1`)
	require.Equal(t, http.StatusNotFound, request(t, h, "GET", testID+"/vtt/1/x").StatusCode)
	require.Equal(t, http.StatusOK, request(t, h, "HEAD", testID+"/vtt/2/x").StatusCode)
}

// TestTorrentFails checks that an error before the first byte is an answer, and that a later one
// ends the connection, because the answer would look complete.
func TestTorrentFails(t *testing.T) {
	paths := []string{testID + "/file/0/x", testID + "/vtt/1/x", testID + "/zip/x"}
	for _, path := range paths {
		f := newFake(File{Path: "a.mp4", Length: 10, ETag: `"x"`}, File{Path: "a.srt", Length: 10})
		f.readErr = errors.New("the disk failed")
		h := newHandler(t, Config{}, f)
		require.PanicsWithValue(t, http.ErrAbortHandler, func() { request(t, h, "GET", path) }, path)
		open, opened := f.count()
		require.Zero(t, open)
		require.Equal(t, 1, opened)
	}
	f := newFake(File{Path: "a.mp4", Length: 10, ETag: `"x"`})
	f.openErr = errors.New("/srv/secret: removed")
	h := newHandler(t, Config{}, f)
	r := request(t, h, "GET", paths[0], "Range", "bytes=1-2")
	require.Equal(t, http.StatusInternalServerError, r.StatusCode)
	text := body(t, r)
	require.NotContains(t, text, "secret")
	require.Contains(t, text, "try again")
	require.Equal(t, sandboxPolicy, r.Header.Get("Content-Security-Policy"))
	for _, name := range []string{"ETag", "Content-Range", "Content-Disposition", "Accept-Ranges"} {
		require.Empty(t, r.Header.Get(name))
	}
}
