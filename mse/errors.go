package mse

import "errors"

// ErrUnknown means that the peer named a torrent that find does not have.
var ErrUnknown = errors.New("the peer named a torrent that is not here")

// A ProtocolError means that the peer does not encrypt as we do, or broke a rule of the exchange.
type ProtocolError struct {
	Reason string // a sentence without a full stop
}

// Error returns the reason.
func (e *ProtocolError) Error() string { return e.Reason }

// What a peer can do wrong.
var (
	errDegenerate = &ProtocolError{"the peer's public key is not allowed, because it would make the secret known"}
	errNoSync     = &ProtocolError{"the peer sent too much padding, or speaks another protocol"}
	errConstant   = &ProtocolError{"the peer's verification constant is wrong"}
	errPad        = &ProtocolError{"the peer announced more padding than is allowed"}
	errFirst      = &ProtocolError{"the peer announced more bytes along with the exchange than we take"}
	errOffer      = &ProtocolError{"the peer offers no payload that we agree to"}
	errSelected   = &ProtocolError{"the peer selected no payload, several, or one that we did not offer"}
)
