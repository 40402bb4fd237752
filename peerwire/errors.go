package peerwire

import "fmt"

// A ProtocolError says how a peer broke the protocol. Nothing that it sends
// afterwards can be trusted to begin where a message begins.
type ProtocolError struct {
	// Message is the kind of the message that was wrong, Unknown if it is not known.
	Message Kind

	// Reason says what was wrong.
	Reason string
}

// Error describes what the peer did.
func (e *ProtocolError) Error() string {
	return fmt.Sprintf("peerwire: %s: %s", e.Message, e.Reason)
}

// protocolErrorf makes a ProtocolError. It is kept out of the paths that allocate nothing.
func protocolErrorf(k Kind, format string, args ...any) error {
	return &ProtocolError{Message: k, Reason: fmt.Sprintf(format, args...)}
}
