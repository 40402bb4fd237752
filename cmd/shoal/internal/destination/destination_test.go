package destination

import (
	"errors"
	"io/fs"
	"os"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestErrorsNameNoTemporaryFile(t *testing.T) {
	d := Destination{Path: "x.torrent"}
	for _, err := range []error{
		&fs.PathError{Op: "write", Path: ".shoal-1.torrent", Err: syscall.ENOSPC},
		&os.LinkError{Op: "rename", Old: ".shoal-1.torrent", New: "x.torrent", Err: syscall.ENOSPC},
		errors.Join(&fs.PathError{Op: "write", Path: ".shoal-1.torrent", Err: syscall.ENOSPC}, nil),
	} {
		err = d.named(err)
		require.ErrorIs(t, err, syscall.ENOSPC)
		require.NotContains(t, err.Error(), ".shoal-")
	}
}
