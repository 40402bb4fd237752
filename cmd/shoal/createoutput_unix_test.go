//go:build unix

package main

import (
	"io"
	"io/fs"
	"os"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shoal-bt/shoal/metainfo"
)

// A pipe is written into and stays one, with --force and without.
func TestCreateIntoAPipe(t *testing.T) {
	isolate(t)
	makeContent(t, 1<<18)
	require.NoError(t, syscall.Mkfifo("pipe", 0o600))
	require.NoError(t, os.Symlink("pipe", "link"))
	for _, args := range [][]string{{"pipe"}, {"pipe", "--force"}, {"link", "--force"}} {
		r := start(t, append([]string{"create", "album", "-o"}, args...)...)
		b, err := os.ReadFile(args[0]) // opening it waits for the writer
		require.NoError(t, err)
		r.wait(t, exitOK)
		require.NotContains(t, r.out.String(), "To share it")
		_, err = metainfo.Parse(b)
		require.NoError(t, err)
		fi, err := os.Stat("pipe")
		require.NoError(t, err)
		require.Equal(t, fs.ModeNamedPipe, fi.Mode().Type())
	}
	// Nobody reads it, and the user gives up.
	r := start(t, "create", "album", "-o", "pipe")
	r.stop()
	r.wait(t, exitInterrupted)
}

// A path that leads to standard output is standard output: nothing else is written there.
func TestCreateToDevStdout(t *testing.T) {
	isolate(t)
	makeContent(t, 1<<18)
	cmd, out := process(t, "create", "album", "-o", "/dev/stdout")
	b, err := io.ReadAll(out)
	require.NoError(t, err)
	requireCode(t, exitOK, cmd)
	meta, err := metainfo.Parse(b)
	require.NoError(t, err)
	require.Empty(t, meta.Warnings, "nothing follows the torrent")
}
