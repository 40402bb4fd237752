package httptracker

import (
	"errors"
	"fmt"
	"net/url"
	"time"

	"github.com/shoal-bt/shoal/swarm/announceurl"
)

// ErrNoScrape says that the announce URL has no scrape URL, so the tracker cannot be
// scraped: https://www.bittorrent.org/beps/bep_0048.html#scrape-request.
var ErrNoScrape = errors.New("this tracker cannot be scraped: its announce URL has no scrape URL")

// A FailureError says that a tracker refused a request with a failure reason:
// https://www.bittorrent.org/beps/bep_0003.html#trackers.
type FailureError struct {
	// Reason is the tracker's text on one line, without our passkeys and at
	// most a few hundred bytes long.
	Reason string

	// RetryIn is how long to wait before the next request:
	// https://www.bittorrent.org/beps/bep_0031.html, or else the header
	// Retry-After. 0 means that the tracker did not say, a negative value
	// means never.
	RetryIn time.Duration

	// Interval and MinInterval are the interval and the min interval that
	// the tracker sent beside the reason; 0 if it sent none.
	Interval, MinInterval time.Duration
}

// Error returns the reason.
func (e *FailureError) Error() string { return "the tracker refused: " + e.Reason }

// A StatusError says that the HTTP status of an answer is no success, and that its
// body has no failure reason.
type StatusError struct {
	Code int // the HTTP status, such as 404

	// RetryIn is the wait that the header Retry-After asks for, or else the
	// interval in the body; 0 if there is none.
	RetryIn time.Duration
}

// Error returns the status.
func (e *StatusError) Error() string {
	return fmt.Sprintf("the tracker answered with HTTP status %d", e.Code)
}

// A ResponseError says that an answer is not valid.
type ResponseError struct {
	Reason string
	Err    error // the cause, such as a *bencode.SyntaxError, or nil
}

// Error returns the reason.
func (e *ResponseError) Error() string {
	if e.Err != nil {
		return e.Reason + ": " + e.Err.Error()
	}
	return e.Reason
}

// Unwrap returns Err.
func (e *ResponseError) Unwrap() error { return e.Err }

// A SchemeError says that a tracker's URL has a scheme other than http and https, so the
// tracker cannot be used. [New], [Announce] and [Scrape] return it, and [Status].Err has it
// unless [TiersConfig].Open makes a source for the scheme.
type SchemeError struct {
	Scheme string // in lower case, such as udp, ws or wss; as it is in the URL
}

// Error names the kind of tracker and says what to use instead.
func (e *SchemeError) Error() string {
	switch e.Scheme {
	case "udp":
		return "this is a UDP tracker, but only HTTP trackers can be used here; use one with http or https"
	case "ws", "wss":
		return fmt.Sprintf("WebTorrent trackers (%s) are not supported yet; use one with http or https", e.Scheme)
	case "":
		return "the URL has no scheme; write one such as http://tracker.example:6969/announce"
	}
	return fmt.Sprintf("trackers with the scheme %.20q are not supported; use one with http or https", e.Scheme)
}

// hideURL returns err without the URL that net/http adds to its errors and without
// secrets. If the text of err contains secrets, the result has only the cleaned text.
func hideURL(err error, secrets []string) error {
	for {
		var u *url.Error
		if !errors.As(err, &u) {
			break
		}
		err = u.Err
	}
	if err == nil {
		return nil
	}
	text := err.Error()
	if cleaned := announceurl.Hide(text, secrets); cleaned != text {
		return errors.New(cleaned)
	}
	return err
}

// responseError returns the error of a response, given err, the error of parsing it. A
// failure reason comes first, then the HTTP status, then why the body is not complete,
// then err.
func (p httpResponse) responseError(err error, secrets []string) error {
	var failure *FailureError
	switch {
	case errors.As(err, &failure):
		failure.Reason = announceurl.Clean(failure.Reason, secrets)
		if failure.RetryIn == 0 && failure.Interval == 0 && failure.MinInterval == 0 {
			failure.RetryIn = p.retryAfter
		}
		return failure
	case p.status < 200 || p.status > 299:
		return &StatusError{Code: p.status, RetryIn: p.retryAfter}
	case err != nil && p.incomplete != nil:
		return p.incomplete
	case err != nil && p.encoding != "":
		return &ResponseError{Reason: fmt.Sprintf("the answer has the content encoding %.20q, want gzip or none", p.encoding)}
	}
	return err
}

// joinTexts joins two texts, of which both may be empty.
func joinTexts(a, b string) string {
	if a != "" && b != "" {
		a += "; "
	}
	return a + b
}
