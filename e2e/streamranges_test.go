package e2e

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestStreamRanges has curl ask for ranges of a film while it is downloaded, and ffprobe for what is in
// its middle.
func TestStreamRanges(t *testing.T) {
	t.Parallel()
	needPrograms(t, "curl")
	need(t, libtorrent{})
	n := ownNetwork(t)
	c, file := makeFilmTorrent(t)
	seed := libtorrent{}.start(t, n.inside(), job{torrent: file, dir: c.dir, seed: true, upLimit: streamRate})
	s := startStreaming(t, n, file, t.TempDir(), seed.addr)
	url := s.file
	want, err := os.ReadFile(filepath.Join(c.dir, c.name, filmName))
	require.NoError(t, err)
	length := len(want)

	require.True(t, strings.HasSuffix(s.file, "/"+escapedFilm), s.file)
	head, body := s.curl(t, url, "--head")
	require.Empty(t, body)
	require.Equal(t, http.StatusOK, head.StatusCode)
	require.EqualValues(t, length, head.ContentLength)
	require.Equal(t, "bytes", head.Header.Get("Accept-Ranges"))
	require.Equal(t, "video/webm", head.Header.Get("Content-Type"))
	tag := head.Header.Get("ETag")
	require.NotEmpty(t, tag)

	for _, test := range []struct {
		ranges       string
		first, after int
	}{
		{"0-99", 0, 100},
		{"30000000-30099999", 30000000, 30100000},
		{"-1000", length - 1000, length},
		{fmt.Sprintf("%d-", length-1), length - 1, length},
		{fmt.Sprintf("%d-%d", length-10, length+10), length - 10, length},
	} {
		answer, body := s.curl(t, url, "--range", test.ranges)
		require.Equal(t, http.StatusPartialContent, answer.StatusCode, test.ranges)
		require.Equal(t, fmt.Sprintf("bytes %d-%d/%d", test.first, test.after-1, length), answer.Header.Get("Content-Range"))
		require.True(t, bytes.Equal(want[test.first:test.after], body), "%s: %d bytes", test.ranges, len(body))
	}

	answer, body := s.curl(t, url, "--range", "0-9,20000000-20000099,-5")
	require.Equal(t, http.StatusPartialContent, answer.StatusCode)
	require.Equal(t, [][]byte{want[:10], want[20000000:20000100], want[length-5:]}, parts(t, answer, body))

	answer, _ = s.curl(t, url, "--range", fmt.Sprintf("%d-", length))
	require.Equal(t, http.StatusRequestedRangeNotSatisfiable, answer.StatusCode)
	require.Equal(t, fmt.Sprintf("bytes */%d", length), answer.Header.Get("Content-Range"))

	answer, body = s.curl(t, url, "--range", "30000000-30000009", "--header", "If-Range: "+tag)
	require.Equal(t, http.StatusPartialContent, answer.StatusCode)
	require.Equal(t, want[30000000:30000010], body)
	answer, _ = s.curl(t, url, "--head", "--header", "If-None-Match: "+tag)
	require.Equal(t, http.StatusNotModified, answer.StatusCode)
	s.requireWholeText(t)

	// ffprobe reads the same packets in the middle as in the file.
	there := probe(t, "ip", "netns", "exec", n.name, "ffprobe", url)
	require.NotEmpty(t, there)
	require.Equal(t, probe(t, "ffprobe", filepath.Join(c.dir, c.name, filmName)), there)
	require.Positive(t, s.left(t), "the download had ended before")
}

// requireWholeText asks for ranges of the text that a server must not send as such, so all of it comes.
func (s *streaming) requireWholeText(t *testing.T) {
	t.Helper()
	for name, options := range map[string][]string{
		"ranges of another content": {"--range", "0-3", "--header", `If-Range: "another"`},
		"5,000 ranges":              {"--range", strings.TrimSuffix(strings.Repeat("1-,", 5000), ",")},
		"another unit":              {"--header", "Range: lines=1-2"},
	} {
		answer, body := s.curl(t, s.fileURL(t, textName), options...)
		require.Equal(t, http.StatusOK, answer.StatusCode, name)
		require.Equal(t, filmText, string(body), name)
	}
}

// probe has ffprobe list the packets of one second in the middle of the film.
func probe(t *testing.T, command ...string) string {
	t.Helper()
	last := len(command) - 1
	args := append(command[1:last:last], "-v", "error", "-show_entries", "packet=stream_index,pts_time,size,data_hash:stream=codec_name,width,height:format=duration",
		"-show_data_hash", "MD5", "-read_intervals", fmt.Sprintf("%d%%+1", filmSeconds/2), "-of", "compact", command[last])
	out, err := exec.CommandContext(within(t), command[0], args...).CombinedOutput()
	require.NoError(t, err, "%s", out)
	return string(out)
}

// curl asks for a URL, with options, and returns the answer and its whole body.
func (s *streaming) curl(t *testing.T, url string, options ...string) (*http.Response, []byte) {
	t.Helper()
	header := filepath.Join(t.TempDir(), "header")
	args := append([]string{"netns", "exec", s.network.name, "curl", "--silent", "--show-error", "--path-as-is", "--globoff", "--dump-header", header}, options...)
	body, err := exec.CommandContext(within(t), "ip", append(args, url)...).Output()
	require.NoError(t, err, "%.200q", options)
	raw, err := os.ReadFile(header)
	require.NoError(t, err)
	answer, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(raw)), &http.Request{Method: http.MethodHead})
	require.NoError(t, err, "%q", raw)
	if slices.Contains(options, "--head") {
		return answer, nil // curl prints the header instead
	}
	return answer, body
}

// parts returns the bodies of an answer of several ranges.
func parts(t *testing.T, answer *http.Response, body []byte) (all [][]byte) {
	t.Helper()
	kind, params, err := mime.ParseMediaType(answer.Header.Get("Content-Type"))
	require.NoError(t, err)
	require.Equal(t, "multipart/byteranges", kind)
	r := multipart.NewReader(bytes.NewReader(body), params["boundary"])
	for {
		p, err := r.NextPart()
		if err == io.EOF {
			return all
		}
		require.NoError(t, err)
		b, err := io.ReadAll(p)
		require.NoError(t, err)
		all = append(all, b)
	}
}

// TestStreamArchive has Python unpack the archive of a hostile torrent. All files are there, and none is
// outside of the folder. The playlist names each video by a URL that curl gets.
func TestStreamArchive(t *testing.T) {
	t.Parallel()
	needPrograms(t, "curl", python)
	n := ownNetwork(t)
	s := startHostile(t, n)
	answer, body := s.curl(t, s.link(t, `[^"?]*zip/[^"]*`))
	require.Equal(t, http.StatusOK, answer.StatusCode)
	require.EqualValues(t, len(body), answer.ContentLength)
	parent := t.TempDir()
	archive, dir := filepath.Join(t.TempDir(), "archive.zip"), filepath.Join(parent, "dir")
	require.NoError(t, os.WriteFile(archive, body, 0o644))
	out, err := exec.CommandContext(within(t), python, "-m", "zipfile", "-e", archive, dir).CombinedOutput()
	require.NoError(t, err, "%s", out)
	var want, got []string
	for _, text := range hostileFiles {
		want = append(want, text)
	}
	for _, path := range regularFiles(t, parent) {
		require.True(t, strings.HasPrefix(path, dir+"/"), path)
		b, err := os.ReadFile(path)
		require.NoError(t, err)
		got = append(got, string(b))
	}
	require.ElementsMatch(t, want, got)

	_, body = s.curl(t, s.link(t, `[^"?]*m3u8/[^"]*`))
	urls := slices.DeleteFunc(strings.Fields(string(body)), func(s string) bool { return !strings.HasPrefix(s, "http://") })
	require.Len(t, urls, 5, "%s", body)
	for _, url := range urls {
		answer, _ := s.curl(t, url, "--head")
		require.Equal(t, http.StatusOK, answer.StatusCode, url)
	}
}
