package stream

import (
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"time"
)

// A Config configures a Handler. Its zero value serves no torrent.
type Config struct {
	// Torrents returns the torrents to serve, in the order in which they are listed. It is called
	// by each request, concurrently. The Handler does not change the slice. nil serves none.
	Torrents func() []Torrent

	// Token is the secret with which the path of every URL begins: 8 to 128 letters, digits and
	// characters of "-._~". The empty string has New make a random one of 128 bits.
	Token string

	// NoToken omits the token, so that every program and every user of the machine can read all
	// torrents. Token must be empty then.
	NoToken bool

	// Hosts are names by which the server may be reached, without port. IP addresses and localhost
	// are always allowed. Any other name in a request's Host header is refused, because a web
	// page can have its own name point to this machine.
	Hosts []string

	// MaxReaders limits the requests that read files at a time. If that many do, the one that
	// has waited longest for its client, for more than 1 s, makes room, or the one that has
	// waited for bytes for more than 5 s, or for its first ones for more than 100 ms if its address
	// has more requests or is that of the new one; otherwise the new one waits for up to 12 s. An
	// eighth as many archives are sent at a time as well. 0 means 64.
	MaxReaders int

	// MaxConns limits the connections that Serve keeps open. If there are more, one makes room that
	// has no request under way, or one that has waited as for MaxReaders. 0 means 256.
	MaxConns int

	// Ahead is the number of bytes that all readers together may have downloaded ahead of what
	// they have read. 0 means 256 MiB, a negative number means no more than reads need.
	Ahead int64

	// WriteTimeout ends a response of which the client takes nothing for that long. Players that
	// are paused do that, so it is long. 0 means 30 minutes.
	WriteTimeout time.Duration

	// Log gets what goes wrong on our side, such as a file that cannot be read. It never gets the
	// token. nil means none.
	Log *slog.Logger
}

// Bounds on a token of the user. A short one can be guessed.
const (
	minToken = 8
	maxToken = 128
)

// withDefaults returns the config with its defaults filled in, and an error if it is not valid.
func (c Config) withDefaults() (Config, error) {
	if c.NoToken && c.Token != "" {
		return c, errors.New("stream: the config has a token and NoToken; leave one of them out")
	}
	if !c.NoToken && c.Token == "" {
		c.Token = rand.Text()
	}
	if !c.NoToken && !validToken(c.Token) {
		return c, fmt.Errorf("stream: the token is not valid; use %d to %d letters, digits and characters of \"-._~\"", minToken, maxToken)
	}
	c.Hosts = slices.Clone(c.Hosts)
	for i, host := range c.Hosts {
		c.Hosts[i] = strings.ToLower(strings.TrimSuffix(host, "."))
		if c.Hosts[i] == "" || strings.ContainsAny(host, ":/*") {
			return c, fmt.Errorf("stream: %q is not a host name; write it without scheme, port and wildcard", host)
		}
	}
	if c.Torrents == nil {
		c.Torrents = func() []Torrent { return nil }
	}
	if c.MaxReaders <= 0 {
		c.MaxReaders = 64
	}
	if c.MaxConns <= 0 {
		c.MaxConns = 256
	}
	if c.Ahead == 0 {
		c.Ahead = 256 << 20
	}
	if c.WriteTimeout <= 0 {
		c.WriteTimeout = 30 * time.Minute
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return c, nil
}

// validToken reports whether a token can stand in a path without escapes.
func validToken(token string) bool {
	if len(token) < minToken || len(token) > maxToken || strings.Trim(token, ".") == "" {
		return false
	}
	for i := range len(token) {
		if !unreserved(token[i]) {
			return false
		}
	}
	return true
}

// unreserved reports whether a byte never needs an escape in a URL.
// https://www.rfc-editor.org/rfc/rfc3986#section-2.3
func unreserved(b byte) bool {
	return ('a' <= b && b <= 'z') || ('A' <= b && b <= 'Z') || ('0' <= b && b <= '9') || strings.IndexByte("-._~", b) >= 0
}

// hostAllowed reports whether a Host header names this server.
func (c Config) hostAllowed(header string) bool {
	host := header
	if end := strings.LastIndexByte(host, ':'); end > strings.LastIndexByte(host, ']') {
		host = host[:end]
	}
	inner, bracket := strings.CutPrefix(host, "[")
	inner, closed := strings.CutSuffix(inner, "]")
	if bracket != closed {
		return false
	}
	if a, err := netip.ParseAddr(inner); err == nil {
		return bracket == a.Is6()
	}
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	return host == "localhost" || slices.Contains(c.Hosts, host)
}

// sameSite reports whether a request may come from a page of ours or from no page at all. A
// page on another port of the same host is another site for us, although browsers call it
// same-site.
func sameSite(r *http.Request) bool {
	if site := r.Header.Get("Sec-Fetch-Site"); site != "" && site != "same-origin" && site != "none" {
		return false
	}
	// Older browsers say only this, and only in some requests.
	origin := r.Header.Get("Origin")
	if origin == "" {
		return true
	}
	_, host, _ := strings.Cut(origin, "://")
	return strings.EqualFold(host, r.Host)
}
