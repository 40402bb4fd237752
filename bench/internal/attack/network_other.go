//go:build !linux

package attack

import (
	"context"
	"errors"
)

// Unshare is what to put before a command to run it in a network of its own.
var Unshare []string

var errNoAddresses = errors.New("attacks need Linux, where all addresses of 127.0.0.0/8 are this machine's")

// Missing returns what this system lacks for attacks, nil for nothing.
func Missing() error { return errNoAddresses }

// OwnNetwork reports whether Unshare and AddAddresses work here.
func OwnNetwork(context.Context) bool { return false }

// AddAddresses makes all addresses of the setting those of this process's network.
func (s *Setting) AddAddresses(context.Context) error { return errNoAddresses }
