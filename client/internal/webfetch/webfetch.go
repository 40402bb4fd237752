// Package webfetch gets .torrent files from web servers.
//
// In come URLs; out go torrents, or errors that show no passkey. Redirects, length and time
// are bounded. Not here: which URLs may be asked, and what a torrent must be.
package webfetch

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"syscall"
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

// NewHTTP makes the client that fetches .torrent files. It keeps no connections,
// since two torrents seldom come from one server in a row.
func NewHTTP() *http.Client { return newHTTP(nil) }

// newHTTP is NewHTTP with a check of each address before it is connected to; nil for none.
func newHTTP(check func(network, address string, _ syscall.RawConn) error) *http.Client {
	return &http.Client{
		Timeout: fetchTimeout,
		Transport: &http.Transport{
			DialContext:           (&net.Dialer{Timeout: stepTimeout, Control: check}).DialContext,
			TLSHandshakeTimeout:   stepTimeout,
			ResponseHeaderTimeout: stepTimeout,
			DisableKeepAlives:     true,
			ForceAttemptHTTP2:     true,
		},
	}
}

// errLocal says that an address from elsewhere leads to where only we can go.
var errLocal = errors.New("it is an address of this machine or its network, and somebody else named it; fetch the file yourself if you trust it")

// sharedSpace is where providers have their customers.
// https://www.rfc-editor.org/rfc/rfc6598 (section 7)
var sharedSpace = netip.MustParsePrefix("100.64.0.0/10")

// refuseLocal refuses to connect to what is not the public network.
func refuseLocal(_, address string, _ syscall.RawConn) error {
	p, err := netip.ParseAddrPort(address)
	if err != nil {
		return err
	}
	a := p.Addr().Unmap()
	if !a.IsGlobalUnicast() || a.IsPrivate() || sharedSpace.Contains(a) {
		return errLocal
	}
	return nil
}

var (
	errRedirects = fmt.Errorf("more than %d redirects", maxRedirects)
	errDowngrade = errors.New("a redirect from https to something else")
)

// Options say how torrents are fetched. The zero value is ready for use.
type Options struct {
	UserAgent string
	HTTP      *http.Client // nil means NewHTTP
	// PublicOnly refuses addresses of this machine and of its network. HTTP is ignored then.
	PublicOnly bool
	Metainfo   metainfo.Options
}

// Torrent gets a torrent from an http or https URL. Errors show the URL without what may be
// a passkey; a *StatusError says that the server answered without a torrent. It may be called
// concurrently.
func (o Options) Torrent(ctx context.Context, address string) (*metainfo.Torrent, error) {
	t, err := o.torrent(ctx, address)
	if errors.Is(err, errLocal) {
		err = errLocal // that is no error of the network
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", httptracker.Redact(address), withoutURL(err))
	}
	return t, nil
}

// torrent is Torrent with errors that may show the URL.
func (o Options) torrent(ctx context.Context, address string) (*metainfo.Torrent, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	request.Header.Set("User-Agent", o.UserAgent)
	if o.PublicOnly {
		o.HTTP = newHTTP(refuseLocal)
	} else if o.HTTP == nil {
		o.HTTP = NewHTTP()
	}
	client := *o.HTTP // a copy, to set CheckRedirect
	client.CheckRedirect = checkRedirect
	response, err := client.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, &StatusError{response.StatusCode}
	}
	return o.Metainfo.Read(response.Body)
}

// checkRedirect reports whether a redirect is followed, as an http.Client asks.
func checkRedirect(next *http.Request, before []*http.Request) error {
	if len(before) > maxRedirects {
		return errRedirects
	}
	if before[len(before)-1].URL.Scheme == "https" && next.URL.Scheme != "https" {
		return errDowngrade
	}
	next.Header.Del("Referer") // it may hold a passkey
	return nil
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
