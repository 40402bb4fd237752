package message

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestOf(t *testing.T) {
	require.Equal(t, "disk full? yes", Of(errors.New("client: engine: disk full? yes")))
	require.Equal(t, `adding "x": no`, Of(errors.New(`client: adding "x": metainfo: no`)))
	require.Equal(t, `one; two\x1b`, Of(errors.Join(errors.New("one"), errors.New("two\x1b"))))
	require.Equal(t, "x: "+fs.ErrNotExist.Error(), Of(&fs.PathError{Op: "lstat", Path: "x", Err: fs.ErrNotExist}))
}

// Many errors in one are a sentence, not a page.
func TestJoinedErrorsAreShort(t *testing.T) {
	var errs []error
	for i := range 200 {
		errs = append(errs, fmt.Errorf("client: write: write album/%d: %w", i/2, fs.ErrExist))
	}
	require.Equal(t, "write album/0: file already exists; write album/1: file already exists; write album/2: file already exists; and 97 more", Of(errors.Join(errs...)))
	require.Less(t, len(Of(errors.New(strings.Repeat("x", 10_000)))), 600)
}
