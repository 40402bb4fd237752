package filesys

import (
	"io"
	"os"
	"runtime"
	"time"

	"golang.org/x/sys/unix"

	"github.com/shoal-bt/shoal/diskstore/iovec"
)

// iovMax is the largest number of buffers for one preadv or pwritev (UIO_MAXIOV in
// the kernel, IOV_MAX in C libraries).
const iovMax = 1024

// A linuxFile reads and writes many buffers in one call.
type linuxFile struct {
	*os.File
	fd int
}

// native adds the calls of Linux to f. Regular files are in blocking mode, so taking
// their descriptor does not change them.
func native(f *os.File) File { return &linuxFile{f, int(f.Fd())} }

// ReadVecAt fills bufs in order from offset off, in bytes.
func (f *linuxFile) ReadVecAt(bufs [][]byte, off int64) (int64, error) {
	n, err := transfer(unix.Preadv, f.fd, bufs, off)
	runtime.KeepAlive(f.File)
	if err == io.ErrNoProgress {
		err = io.EOF
	}
	return n, err
}

// WriteVecAt writes bufs in order at offset off, in bytes.
func (f *linuxFile) WriteVecAt(bufs [][]byte, off int64) (int64, error) {
	n, err := transfer(unix.Pwritev, f.fd, bufs, off)
	runtime.KeepAlive(f.File)
	return n, err
}

// SizeAndTime returns the size in bytes and the modification time.
func (f *linuxFile) SizeAndTime() (int64, time.Time, error) {
	var st unix.Stat_t
	for {
		err := unix.Fstat(f.fd, &st)
		if err == unix.EINTR {
			continue
		}
		runtime.KeepAlive(f.File)
		if err != nil {
			return 0, time.Time{}, os.NewSyscallError("fstat", err)
		}
		return st.Size, time.Unix(st.Mtim.Unix()), nil
	}
}

// MarkTime gives the file a modification time that no other program's write has, if one at
// this moment would have modTime too. File systems take the time from a clock that moves on
// every 1 to 10 ms; since Linux 6.13 some take an exact one when somebody has looked, and
// then there is nothing to do. It returns the modification time that the file has now.
func (f *linuxFile) MarkTime(modTime time.Time) time.Time {
	var clock unix.Timespec
	err := unix.ClockGettime(unix.CLOCK_REALTIME_COARSE, &clock)
	if err != nil || !modTime.Equal(time.Unix(clock.Unix())) {
		return modTime
	}
	marked := modTime.Add(time.Nanosecond)
	times := []unix.Timespec{{Nsec: unix.UTIME_OMIT}, unix.NsecToTimespec(marked.UnixNano())}
	err = unix.UtimesNanoAt(f.fd, "", times, unix.AT_EMPTY_PATH)
	runtime.KeepAlive(f.File)
	if err != nil { // the file belongs to somebody else, or this is Linux before 5.8
		return modTime
	}
	return marked
}

// Allocate reserves size bytes with fallocate.
func (f *linuxFile) Allocate(size int64) error {
	for {
		err := unix.Fallocate(f.fd, 0, 0, size)
		if err == unix.EINTR {
			continue
		}
		runtime.KeepAlive(f.File)
		if err != nil {
			err = os.NewSyscallError("fallocate", err)
		}
		return err
	}
}

// transfer calls preadv or pwritev until all bytes of bufs are moved. Each call
// continues where the one before it stopped, in the buffers and in the file. A call
// that moves nothing ends the transfer with io.ErrNoProgress.
func transfer(call func(int, [][]byte, int64) (int, error), fd int, bufs [][]byte, off int64) (int64, error) {
	var v iovec.Vecs
	v.Reset(bufs)
	var total int64
	for retries := 0; v.Len() > 0; {
		n, err := call(fd, v.Next(v.Len(), iovMax), off+total)
		switch {
		case n > 0:
			v.Advance(int64(n))
			total += int64(n)
			retries = 0
		case err == unix.EINTR:
		case err == unix.EAGAIN && retries < 100:
			retries++
			runtime.Gosched()
		case err != nil:
			return total, err
		default:
			return total, io.ErrNoProgress
		}
	}
	return total, nil
}
