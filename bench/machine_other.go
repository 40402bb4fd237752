//go:build !linux

package main

import (
	"fmt"
	"runtime"
)

// machine describes the processor, as far as the figures depend on it.
func machine() string { return fmt.Sprintf("%d cores", runtime.NumCPU()) }
