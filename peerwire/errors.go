package peerwire

import "fmt"

// A ProtocolError says how a peer broke the protocol. Close its connection: it is no
// longer known where the next message begins.
type ProtocolError struct {
	// Message is the kind of the wrong message, or Unknown.
	Message Kind

	// Reason says what is wrong with it.
	Reason string
}

// Error returns the kind of the message and the reason.
func (e *ProtocolError) Error() string {
	return fmt.Sprintf("peerwire: %s: %s", e.Message, e.Reason)
}

// protocolErrorf returns a *ProtocolError.
func protocolErrorf(k Kind, format string, args ...any) error {
	return &ProtocolError{Message: k, Reason: fmt.Sprintf(format, args...)}
}
