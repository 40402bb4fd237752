//go:build !linux

package processor

import (
	"fmt"
	"runtime"
)

// Read returns no features, because only Linux lists them in a file.
func Read() Features { return Features{} }

// Describe returns the number of cores.
func Describe() string { return fmt.Sprintf("%d cores", runtime.NumCPU()) }
