//go:build !linux

package conns

import "net"

// newVectorReader returns nil: blocks are read into a buffer and copied.
func newVectorReader(net.Conn) vectorReader { return nil }
