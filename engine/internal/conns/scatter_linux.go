package conns

import (
	"io"
	"net"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// A socketReader reads from a socket of the system.
type socketReader struct {
	socket syscall.RawConn
	vec    []unix.Iovec // its memory is used again, which unix.Readv would not do
	n      uintptr
	err    syscall.Errno
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
	r.vec = r.vec[:0]
	for _, p := range vec {
		r.vec = append(r.vec, unix.Iovec{Base: &p[0]})
		r.vec[len(r.vec)-1].SetLen(len(p))
	}
	err := r.socket.Read(r.try)
	clear(r.vec) // the slices are the caller's
	switch {
	case err != nil:
		return 0, err
	case r.err != 0:
		return 0, r.err
	case r.n == 0:
		return 0, io.EOF
	}
	return int(r.n), nil
}

// try reads once, and reports false if there is nothing yet.
func (r *socketReader) try(fd uintptr) bool {
	r.err = unix.EINTR
	for r.err == unix.EINTR {
		r.n, _, r.err = unix.Syscall(unix.SYS_READV, fd, uintptr(unsafe.Pointer(unsafe.SliceData(r.vec))), uintptr(len(r.vec)))
	}
	return r.err != unix.EAGAIN
}
