package httptracker

import (
	"errors"
	"fmt"
	"net/url"
	"time"
)

// ErrNoScrape is the error of scrapes where the announce URL does not tell where
// to send them (BEP 48).
var ErrNoScrape = errors.New("the announce URL has no scrape URL")

// A FailureError says that a tracker refused, in its own words.
type FailureError struct {
	// Reason is the tracker's text, on one line, without our passkeys and
	// cut to a few hundred bytes.
	Reason string

	// RetryIn is when the tracker will hear us again (BEP 31), 0 if it did
	// not say, and negative for never.
	RetryIn time.Duration
}

// Error returns the reason.
func (e *FailureError) Error() string { return "the tracker refused: " + e.Reason }

// A StatusError says that an HTTP server answered, but with no success and with
// nothing that a tracker would say.
type StatusError struct {
	Code int // the HTTP status, such as 404

	// RetryIn is what the header Retry-After asks for, or 0.
	RetryIn time.Duration
}

// Error returns the status.
func (e *StatusError) Error() string { return fmt.Sprintf("HTTP status %d", e.Code) }

// A ResponseError says that an answer came which no tracker should give.
type ResponseError struct {
	Reason string
	Err    error // what the reason follows from, such as a *bencode.SyntaxError, or nil
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

// hideURL returns err without the URL that net/http puts into its errors, and
// without secrets. An error whose text has secrets is replaced by its text.
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

// responseError returns what is wrong with a page, of which parsing said err.
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
