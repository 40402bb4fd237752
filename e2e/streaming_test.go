package e2e

import (
	"html"
	"net/netip"
	"net/url"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// A streaming is the program "shoal stream", in a network of its own.
type streaming struct {
	*process
	network *network
	file    string // URL of the file that it chose
	index   string // URL of the page with all files
}

// startStreaming streams a torrent, of which dir may have the content, and dials peers. It listens on
// loopback in the network.
func startStreaming(t *testing.T, n *network, torrent, dir string, peers ...netip.AddrPort) *streaming {
	t.Helper()
	args := []string{"stream", torrent, "--dir", dir, "--state", t.TempDir(), "--json", "--listen", "off", "--no-dht", "--no-lsd"}
	for _, p := range peers {
		args = append(args, "--peer", p.String())
	}
	s := &streaming{process: launch(t, n.name, shoalProgram(t), args...), network: n}
	e := s.event(t, "streaming")
	s.file, s.index = e.URL, e.Index
	return s
}

// left waits for a report of progress, and returns how many bytes of the torrent are missing.
func (s *streaming) left(t *testing.T) int64 {
	t.Helper()
	s.skip()
	return s.event(t, "progress").Left
}

// base returns the URL of the server without a path.
func (s *streaming) base(t *testing.T) string {
	t.Helper()
	u, err := url.Parse(s.index)
	require.NoError(t, err)
	return u.Scheme + "://" + u.Host
}

// fileURL returns the URL of another file, as the page names it.
func (s *streaming) fileURL(t *testing.T, name string) string {
	t.Helper()
	return s.link(t, `[^"?]*file/[0-9]+/`+regexp.QuoteMeta(url.PathEscape(name)))
}

// link returns the URL of the first link of the page whose address matches, without or with its query.
func (s *streaming) link(t *testing.T, pattern string) string {
	t.Helper()
	out, err := exec.CommandContext(within(t), "ip", "netns", "exec", s.network.name,
		"curl", "--silent", "--show-error", "--location", "--write-out", "\n%{url_effective}", s.index).Output()
	require.NoError(t, err)
	end := strings.LastIndexByte(string(out), '\n')
	found := regexp.MustCompile(`href="(` + pattern + `)(?:\?[^"]*)?"`).FindSubmatch(out[:end])
	require.NotNil(t, found, "%s", out)
	page, err := url.Parse(string(out[end+1:]))
	require.NoError(t, err)
	u, err := page.Parse(html.UnescapeString(string(found[1])))
	require.NoError(t, err)
	return u.String()
}
