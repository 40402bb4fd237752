package httptracker

import (
	"errors"
	"fmt"
	"net/url"
	"time"
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
	// https://www.bittorrent.org/beps/bep_0031.html. 0 means that the tracker
	// did not say, a negative value means never.
	RetryIn time.Duration
}

// Error returns the reason.
func (e *FailureError) Error() string { return "the tracker refused: " + e.Reason }

// A StatusError says that the HTTP status of an answer is no success, and that its
// body has no failure reason.
type StatusError struct {
	Code int // the HTTP status, such as 404

	// RetryIn is the wait that the header Retry-After asks for; 0 if there is
	// none.
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
	if cleaned := hideSecrets(text, secrets); cleaned != text {
		return errors.New(cleaned)
	}
	return err
}

// responseError returns the error of a response, given err, the error of parsing it. A
// failure reason comes first, then the HTTP status, then err.
func (p httpResponse) responseError(err error, secrets []string) error {
	var failure *FailureError
	switch {
	case errors.As(err, &failure):
		failure.Reason = cleanText(failure.Reason, secrets)
		return failure
	case p.status < 200 || p.status > 299:
		return &StatusError{Code: p.status, RetryIn: p.retryAfter}
	}
	return err
}
