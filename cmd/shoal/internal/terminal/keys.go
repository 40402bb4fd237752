package terminal

import "errors"

// ErrNoKeys says that keys cannot be read one by one: there is no terminal, or Shoal cannot do it
// on this system.
var ErrNoKeys = errors.New("keys cannot be read here")
