package dhttool

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// A key is made once, stays as it is, and no message shows it.
func TestKeys(t *testing.T) {
	name := filepath.Join(t.TempDir(), "my.key")
	var warnings []string
	p := &Program{Warn: func(format string, args ...any) { warnings = append(warnings, fmt.Sprintf(format, args...)) }}
	_, err := privateKey(name, false, p)
	require.ErrorIs(t, err, os.ErrNotExist)
	made, err := privateKey(name, true, p)
	require.NoError(t, err)
	content, err := os.ReadFile(name)
	require.NoError(t, err)
	require.Regexp(t, `^[0-9a-f]{64}\n$`, string(content))
	_, err = privateKey(name, true, p)
	require.ErrorContains(t, err, "never overwritten")
	read, err := privateKey(name, false, p)
	require.NoError(t, err)
	require.Equal(t, made, read)
	require.Len(t, public(read), 32)
	require.Empty(t, warnings)
	again, err := os.ReadFile(name)
	require.NoError(t, err)
	require.Equal(t, content, again)
	if runtime.GOOS != "windows" {
		require.NoError(t, os.Symlink("elsewhere", filepath.Join(filepath.Dir(name), "link")))
		_, err = privateKey(filepath.Join(filepath.Dir(name), "link"), true, p)
		require.ErrorContains(t, err, "never overwritten")
		require.NoFileExists(t, filepath.Join(filepath.Dir(name), "elsewhere"))
		require.NoError(t, os.Chmod(name, 0o640))
		_, err = privateKey(name, false, p)
		require.NoError(t, err)
		require.Len(t, warnings, 1)
	}
	for _, bad := range []string{"", "12", strings.Repeat("1", 63) + "x", strings.Repeat("1", 65), strings.Repeat("1", 2000)} {
		require.NoError(t, os.WriteFile(name, []byte(bad), 0o600))
		_, err = privateKey(name, false, p)
		require.ErrorContains(t, err, "is not the file of a private key")
		if len(bad) > 10 {
			require.NotContains(t, err.Error(), bad[:10])
		}
	}
}
