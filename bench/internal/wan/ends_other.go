//go:build !linux

package wan

// Ends are the two namespaces of a link.
type Ends struct{ Near, Far string }

// Missing returns what this system lacks for links, nil for nothing.
func Missing() error { return ErrUnsupported }

// Join fails.
func Join(Link) (*Ends, error) { return nil, ErrUnsupported }

// Close does nothing.
func (e *Ends) Close() error { return nil }
