package conns

import (
	"io"
	"net"
	"syscall"

	"golang.org/x/sys/unix"
)

// A socketReader reads from a socket of the system.
type socketReader struct {
	socket syscall.RawConn
	vec    [][]byte
	n      int
	err    error
}

// newVectorReader returns a vectorReader for a connection, nil if it is not a socket.
func newVectorReader(c net.Conn) vectorReader {
	s, ok := c.(syscall.Conn)
	if !ok {
		return nil
	}
	raw, err := s.SyscallConn()
	if err != nil {
		return nil
	}
	return &socketReader{socket: raw}
}

// ReadVec implements vectorReader.
func (r *socketReader) ReadVec(vec [][]byte) (int, error) {
	r.vec = vec
	err := r.socket.Read(r.try)
	switch {
	case err != nil:
		return 0, err
	case r.err != nil:
		return 0, r.err
	case r.n == 0:
		return 0, io.EOF
	}
	return r.n, nil
}

// try reads once, and reports false if there is nothing yet.
func (r *socketReader) try(fd uintptr) bool {
	for {
		r.n, r.err = unix.Readv(int(fd), r.vec)
		if r.err != unix.EINTR {
			return r.err != unix.EAGAIN
		}
	}
}
