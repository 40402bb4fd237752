package diskstore

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestErrors(t *testing.T) {
	cause := fmt.Errorf("record: %w", syscall.ENOSPC)
	for _, test := range []struct {
		err  error
		want string
	}{
		{wrapError("write", "t/a", 16384, syscall.ENOSPC), "diskstore: write t/a at 16384: " + syscall.ENOSPC.Error()},
		{wrapError("write", "t/a", 0, &fs.PathError{Op: "write", Path: "/x/t/a", Err: syscall.ENOSPC}), "diskstore: write t/a at 0: " + syscall.ENOSPC.Error()},
		{wrapError("create", "t/l", -1, &os.LinkError{Op: "symlinkat", Old: "a", New: "b", Err: syscall.ENOSPC}), "diskstore: create t/l: " + syscall.ENOSPC.Error()},
		{wrapError("create", "t/l", -1, os.NewSyscallError("fallocate", syscall.ENOSPC)), "diskstore: create t/l: " + syscall.ENOSPC.Error()},
		{wrapError("create", "t/a", -1, cause), "diskstore: create t/a: record: " + syscall.ENOSPC.Error()},
		{wrapError("sync", ".", -1, wrapError("write", "t/a", 5, syscall.ENOSPC)), "diskstore: write t/a at 5: " + syscall.ENOSPC.Error()},
	} {
		require.EqualError(t, test.err, test.want)
		require.ErrorIs(t, test.err, syscall.ENOSPC)
		var e *Error
		require.ErrorAs(t, test.err, &e)
	}
	size := &SizeError{Path: "t/a", Want: 10, Have: 4}
	require.EqualError(t, size, "diskstore: t/a has 4 bytes on disk and 10 bytes in the torrent")
	require.Same(t, size, wrapError("open", "x", -1, size).(*SizeError))
	require.False(t, errors.Is(size, fs.ErrNotExist))
}
