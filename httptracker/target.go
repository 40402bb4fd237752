package httptracker

import (
	"errors"
	"net/url"
	"strings"

	"github.com/shoal-bt/shoal/swarm/announceurl"
)

// A target is the URL of a tracker.
type target struct {
	url     *url.URL
	shown   string   // the URL for display
	secrets []string // components of the URL that must not be shown
}

// parseTarget checks an announce URL. Its errors do not quote the URL.
func parseTarget(rawURL string) (target, error) {
	u, err := url.Parse(strings.TrimSpace(rawURL))
	if err != nil || u.Host == "" {
		return target{}, errors.New("not a valid URL")
	}
	return newTarget(u)
}

func newTarget(u *url.URL) (target, error) {
	switch {
	case u.Scheme != "http" && u.Scheme != "https":
		return target{}, &SchemeError{u.Scheme}
	case u.Hostname() == "":
		return target{}, errors.New("the URL has no host")
	}
	u.Fragment, u.RawFragment = "", ""
	// net/http sends a query unchanged, and a space would end the request line.
	u.RawQuery = strings.ReplaceAll(u.RawQuery, " ", "%20")
	t := target{url: u}
	t.shown, t.secrets = announceurl.Split(u)
	return t, nil
}

// with returns the URL with query appended to its own query.
func (t target) with(query string) *url.URL {
	u := *t.url
	if u.RawQuery != "" && !strings.HasSuffix(u.RawQuery, "&") {
		u.RawQuery += "&"
	}
	u.RawQuery += query
	return &u
}

// scrape returns the target for scrapes. The last component of the path must begin with
// announce, which is replaced by scrape:
// https://www.bittorrent.org/beps/bep_0048.html#scrape-request.
func (t target) scrape() (target, error) {
	path := t.url.EscapedPath()
	i := strings.LastIndexByte(path, '/') + 1
	rest, ok := strings.CutPrefix(path[i:], "announce")
	if !ok {
		return target{}, ErrNoScrape
	}
	u := *t.url
	u.RawPath = path[:i] + "scrape" + rest
	plain, err := url.PathUnescape(u.RawPath)
	if err != nil {
		return target{}, ErrNoScrape
	}
	u.Path = plain
	return newTarget(&u)
}
