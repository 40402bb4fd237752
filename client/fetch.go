package client

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/shoal-bt/shoal/httptracker"
	"github.com/shoal-bt/shoal/metainfo"
)

// Limits of a fetch. ctx bounds it too.
const (
	maxRedirects = 5
	fetchTimeout = time.Minute
	stepTimeout  = 10 * time.Second // to connect, to shake hands, for the first byte
)

// A StatusError says that a web server answered without a torrent.
type StatusError struct {
	Code int // the HTTP status, such as 404
}

// Error returns the status.
func (e *StatusError) Error() string {
	return fmt.Sprintf("HTTP status %d %s", e.Code, http.StatusText(e.Code))
}

// newHTTP makes the client that fetches .torrent files. It keeps no connections,
// since two torrents seldom come from one server in a row.
func newHTTP() *http.Client {
	return &http.Client{
		Timeout: fetchTimeout,
		Transport: &http.Transport{
			DialContext:           (&net.Dialer{Timeout: stepTimeout}).DialContext,
			TLSHandshakeTimeout:   stepTimeout,
			ResponseHeaderTimeout: stepTimeout,
			DisableKeepAlives:     true,
			ForceAttemptHTTP2:     true,
		},
	}
}

var (
	errRedirects = fmt.Errorf("more than %d redirects", maxRedirects)
	errDowngrade = errors.New("a redirect from https to something else")
)

// FetchTorrent gets a torrent from an http or https URL, as Client.Add does. Of the
// Config it uses UserAgent, HTTP and Metainfo. Errors show the URL without what may be a
// passkey; a *StatusError says that the server answered without a torrent.
func (c Config) FetchTorrent(ctx context.Context, address string) (*metainfo.Torrent, error) {
	t, err := c.fetchTorrent(ctx, address)
	if err != nil {
		return nil, fmt.Errorf("client: %w", withCause(ctx, err))
	}
	return t, nil
}

// fetchTorrent is FetchTorrent without the name of the module in errors.
func (c Config) fetchTorrent(ctx context.Context, address string) (*metainfo.Torrent, error) {
	fail := func(err error) (*metainfo.Torrent, error) {
		return nil, fmt.Errorf("%s: %w", httptracker.Redact(address), withoutURL(err))
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return fail(err)
	}
	request.Header.Set("User-Agent", cmp.Or(c.UserAgent, defaultUserAgent))
	if c.HTTP == nil {
		c.HTTP = newHTTP()
	}
	client := *c.HTTP // to set CheckRedirect on a client of our own
	client.CheckRedirect = func(next *http.Request, before []*http.Request) error {
		if len(before) > maxRedirects {
			return errRedirects
		}
		if before[len(before)-1].URL.Scheme == "https" && next.URL.Scheme != "https" {
			return errDowngrade
		}
		next.Header.Del("Referer") // it may hold a passkey
		return nil
	}
	response, err := client.Do(request)
	if err != nil {
		return fail(err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fail(&StatusError{response.StatusCode})
	}
	t, err := c.Metainfo.Read(response.Body)
	if err != nil {
		return fail(err)
	}
	return t, nil
}

// withoutURL returns err without the URLs that net/http and net/url put into their
// errors, which may hold a passkey.
func withoutURL(err error) error {
	for {
		var withURL *url.Error
		if !errors.As(err, &withURL) {
			return err
		}
		err = withURL.Err
	}
}
