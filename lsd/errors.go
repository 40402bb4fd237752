package lsd

import "errors"

var (
	// ErrNoLink means that no interface can be used. The Source looks for one again.
	ErrNoLink = errors.New("no network interface leads to a local network; connect to one, or turn local discovery off")

	// ErrClosed means that the Source is closed.
	ErrClosed = errors.New("local discovery is closed")
)
