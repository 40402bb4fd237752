package httptracker

import (
	"strings"
	"testing"

	"github.com/shoal-bt/shoal/swarm"
	"github.com/stretchr/testify/require"
)

func TestTargetKeepsOwnQuery(t *testing.T) {
	for url, want := range map[string]string{
		"http://tracker.test/announce":              "http://tracker.test/announce?a=b",
		"http://tracker.test/announce?":             "http://tracker.test/announce?a=b",
		"http://tracker.test/x?k=%26+1&y":           "http://tracker.test/x?k=%26+1&y&a=b",
		" https://tracker.test:8443/x?k=a b&#frag ": "https://tracker.test:8443/x?k=a%20b&a=b",
	} {
		to, err := parseTarget(url)
		require.NoError(t, err)
		require.Equal(t, want, to.with("a=b").String())
	}
}

func TestTargetRefuses(t *testing.T) {
	for _, url := range []string{
		"", "tracker.test", "/announce", "udp://tracker.test:80/announce", "wss://tracker.test",
		"http://", "http://:80/announce", "http://%zz/secretpasskey", "http://[::1/secretpasskey", "file:///etc/secretpasskey",
		"http://user:secretpasskey@ho st/", "http://tracker.test:secretpasskey/announce", "http://a\nb/",
	} {
		_, err := New(url, Config{})
		require.Error(t, err, url)
		require.NotContains(t, err.Error(), "secretpasskey")
	}
}

func TestSchemes(t *testing.T) {
	for url, want := range map[string]SchemeError{
		"udp://tracker.test:6969/announce": {"udp"},
		"WS://tracker.test":                {"ws"},
		"wss://tracker.test/":              {"wss"},
		"//tracker.test/announce":          {""},
		"gopher://tracker.test/":           {"gopher"},
		strings.Repeat("x", 1000) + "://h": {strings.Repeat("x", 1000)},
	} {
		_, err := New(url, Config{})
		var got *SchemeError
		require.ErrorAs(t, err, &got)
		require.Equal(t, want, *got)
		require.Contains(t, err.Error(), "http")
		require.Less(t, len(err.Error()), 120)
		_, err = Announce(t.Context(), url, announcement(swarm.Started), Config{})
		require.ErrorAs(t, err, &got)
		_, err = Scrape(t.Context(), url, Config{})
		require.ErrorAs(t, err, &got)
	}
}

func TestScrapeURL(t *testing.T) {
	// The pairs are the examples of https://www.bittorrent.org/beps/bep_0048.html#scrape-request.
	for url, want := range map[string]string{
		"http://tracker.test/announce":                      "http://tracker.test/scrape",
		"http://tracker.test/x/announce":                    "http://tracker.test/x/scrape",
		"http://tracker.test/announce.php":                  "http://tracker.test/scrape.php",
		"http://tracker.test/announce?x2%0644":              "http://tracker.test/scrape?x2%0644",
		"http://tracker.test/a%2Fannounce/announce;jsess=1": "http://tracker.test/a%2Fannounce/scrape;jsess=1",
		"http://tracker.test/a":                             "",
		"http://tracker.test/announce?x=2/4":                "http://tracker.test/scrape?x=2/4",
		"http://tracker.test/x%064announce":                 "",
		"http://tracker.test/":                              "",
		"http://announce.test":                              "",
	} {
		to, err := parseTarget(url)
		require.NoError(t, err)
		scrape, err := to.scrape()
		if want == "" {
			require.ErrorIs(t, err, ErrNoScrape, url)
			continue
		}
		require.NoError(t, err, url)
		require.Equal(t, want, scrape.url.String())
	}
}
