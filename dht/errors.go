package dht

import (
	"errors"

	"github.com/shoal-bt/shoal/dht/node"
)

var (
	// ErrNoNodes means that no node answers. The error that matches it says why, as far as
	// that is known.
	ErrNoNodes = node.ErrNoNodes

	// ErrClosed means that the Node is closed.
	ErrClosed = errors.New("dht: closed")

	// ErrNotFound means that no node has the item.
	ErrNotFound = errors.New("dht: no node has the item")
)
