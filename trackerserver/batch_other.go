//go:build !linux

package trackerserver

import "net"

// openBatch returns a batch for a socket. Other systems than Linux read and write one
// packet by a system call.
func openBatch(c net.PacketConn) batch { return &single{conn: c} }
