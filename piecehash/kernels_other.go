//go:build !amd64 || purego

package piecehash

// Where there is no assembly the standard library does it all.
func kernels1() []kernel   { return nil }
func kernels256() []kernel { return nil }
