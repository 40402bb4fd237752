// Package advice attaches to an error what a user can do about it.
package advice

import "errors"

// An Error is an error with advice.
type Error struct {
	Err    error
	Advice string // sentences, and commands on lines of their own
}

// New returns an error with advice.
func New(err error, advice string) error { return &Error{err, advice} }

// Of returns the advice that an error has; empty for none.
func Of(err error) string {
	var e *Error
	if errors.As(err, &e) {
		return e.Advice
	}
	return ""
}

// Error returns the message without the advice.
func (e *Error) Error() string { return e.Err.Error() }

// Unwrap returns the error without the advice.
func (e *Error) Unwrap() error { return e.Err }
