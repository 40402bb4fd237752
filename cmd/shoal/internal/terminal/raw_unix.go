//go:build linux || darwin || dragonfly || freebsd || netbsd || openbsd

package terminal

import (
	"errors"
	"io"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// Raw has a terminal hand on each key at once, also Ctrl-C, without showing it. restore gives it
// its settings back; it may be called several times, and from several goroutines. The error matches
// ErrNoKeys if f is no terminal.
func Raw(f *os.File) (restore func(), err error) {
	fd := int(f.Fd())
	before, err := unix.IoctlGetTermios(fd, readSettings)
	if err != nil {
		return nil, ErrNoKeys
	}
	raw := *before
	raw.Iflag &^= unix.BRKINT | unix.ICRNL | unix.INLCR | unix.IGNCR | unix.ISTRIP | unix.IXON
	raw.Lflag &^= unix.ECHO | unix.ECHONL | unix.ICANON | unix.ISIG | unix.IEXTEN
	raw.Cc[unix.VMIN], raw.Cc[unix.VTIME] = 1, 0
	err = unix.IoctlSetTermios(fd, changeSettings, &raw)
	if err != nil {
		return nil, err
	}
	return func() { unix.IoctlSetTermios(fd, changeSettings, before) }, nil
}

// ReadKeys reads what keys sent, if they send anything within a time; else it returns 0. The error
// is io.EOF if the terminal is gone.
func ReadKeys(f *os.File, buf []byte, wait time.Duration) (int, error) {
	fd := int(f.Fd())
	polled := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
	_, err := unix.Poll(polled, int(wait.Milliseconds()))
	if errors.Is(err, unix.EINTR) {
		return 0, nil
	}
	isReadable := polled[0].Revents&unix.POLLIN != 0
	if err != nil || (polled[0].Revents == 0) {
		return 0, err
	}
	if !isReadable {
		return 0, io.EOF
	}
	n, err := unix.Read(fd, buf)
	switch {
	case errors.Is(err, unix.EINTR), errors.Is(err, unix.EAGAIN):
		return 0, nil
	case n <= 0:
		return 0, io.EOF
	}
	return n, err
}
