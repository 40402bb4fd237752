package dhtnode

import (
	"fmt"
	"net/netip"

	"github.com/shoal-bt/shoal/engine"
)

// A PortError says that the node cannot have the UDP port at which the client accepts peers, so it
// takes another one. It is found there all the same.
type PortError struct {
	Addr netip.AddrPort // that it cannot have
	Err  error
}

func (e *PortError) Error() string {
	return fmt.Sprintf("the DHT cannot have UDP port %d, so it uses another one: %v", e.Addr.Port(), e.Err)
}

// Unwrap returns why.
func (e *PortError) Unwrap() error { return e.Err }

// A SaveError says that the nodes of the DHT could not be saved. What was saved before stays.
type SaveError struct{ Err error }

func (e *SaveError) Error() string { return fmt.Sprintf("saving the nodes of the DHT: %v", e.Err) }

// Unwrap returns why.
func (e *SaveError) Unwrap() error { return e.Err }

// warn reports a problem with which the node goes on.
func (s *Source) warn(err error) { s.config.Report(engine.Warning{Err: err}) }
