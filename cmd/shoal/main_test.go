package main

import (
	"bufio"
	"context"
	"io"
	"os"
	"os/exec"
	ossignal "os/signal"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
	"time"

	"github.com/shoal-bt/shoal/dht"
	"github.com/stretchr/testify/require"
)

// TestMain makes the test program be shoal, for tests that need a process.
//
// No test reaches the DHT of the world: it is off, and where a test turns it on, it has no routers.
func TestMain(m *testing.M) {
	dht.DefaultRouters = nil
	os.Setenv("SHOAL_NO_DHT", "true")
	os.Setenv("SHOAL_NO_LSD", "true")
	if os.Getenv("BE_SHOAL") != "" {
		main()
	}
	os.Exit(m.Run())
}

// processOf returns shoal as a process of its own, which is not started yet. It writes
// to the pipe out, and is killed after a minute.
func processOf(t *testing.T, args ...string) (cmd *exec.Cmd, out io.ReadCloser) {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("there are no such signals")
	}
	exe, err := os.Executable()
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	cmd = exec.CommandContext(ctx, exe, args...)
	cmd.Env = append(os.Environ(), "BE_SHOAL=1")
	cmd.WaitDelay = 10 * time.Second
	out, err = cmd.StdoutPipe()
	require.NoError(t, err)
	t.Cleanup(func() {
		if cmd.Process != nil {
			cmd.Process.Kill()
		}
	})
	return cmd, out
}

// process starts shoal as a process of its own, which writes to a pipe.
func process(t *testing.T, args ...string) (*exec.Cmd, io.ReadCloser) {
	t.Helper()
	cmd, out := processOf(t, args...)
	require.NoError(t, cmd.Start())
	return cmd, out
}

func requireCode(t *testing.T, want int, cmd *exec.Cmd) {
	t.Helper()
	cmd.Wait()
	require.Equal(t, want, cmd.ProcessState.ExitCode(), cmd.ProcessState)
}

func TestSignalsLeaveCleanly(t *testing.T) {
	for _, signal := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP} {
		t.Run(signal.String(), func(t *testing.T) {
			if signal == syscall.SIGHUP && ossignal.Ignored(signal) {
				t.Skip("the tests run under nohup")
			}
			dir := isolate(t)
			cmd, out := process(t, "demo", "--size", "64MiB", "--dir", dir)
			lines := bufio.NewScanner(out)
			require.True(t, lines.Scan())
			require.NoError(t, cmd.Process.Signal(signal))
			require.NoError(t, cmd.Process.Signal(signal), "as timeout sends it twice")
			rest, err := io.ReadAll(out)
			require.NoError(t, err)
			requireCode(t, exitInterrupted, cmd)
			require.NotContains(t, string(rest), "It works")
			left, err := filepath.Glob(filepath.Join(dir, "shoal-demo-*"))
			require.NoError(t, err)
			require.Empty(t, left)
		})
	}
}

// TestNobodyReads closes the other end of standard output, as head does.
func TestNobodyReads(t *testing.T) {
	dir := isolate(t)
	cmd, out := process(t, "demo", "--size", "64MiB", "--dir", dir)
	_, err := io.ReadFull(out, make([]byte, 10))
	require.NoError(t, err)
	out.Close()
	requireCode(t, exitInterrupted, cmd)
	left, err := filepath.Glob(filepath.Join(dir, "shoal-demo-*"))
	require.NoError(t, err)
	require.Empty(t, left)
}

// A peer that hangs up while it is sent something raises the signal too, and a
// seeder goes on.
func TestPeersThatHangUpEndNothing(t *testing.T) {
	isolate(t)
	makeContent(t, 1<<20)
	shoal(t, exitOK, "create", "album", "--piece-length", "64KiB")
	cmd, out := process(t, "seed", "--json", "--state", "off", "--listen", "127.0.0.1:0", "album.torrent")
	lines := bufio.NewScanner(out)
	address := ""
	for address == "" && lines.Scan() {
		if e := objects(t, lines.Text())[0]; e["event"] == "listening" {
			address = e["address"].(string)
		}
	}
	go io.Copy(io.Discard, out)
	for range 3 {
		require.NoError(t, cmd.Process.Signal(syscall.SIGPIPE))
	}
	shoal(t, exitOK, "get", "album.torrent", "--dir", "got", "--state", "off", "--peer", address, "--listen", "off", "-q")
	equalFolders(t, "album", "got/album")
	require.NoError(t, cmd.Process.Signal(syscall.SIGTERM))
	requireCode(t, exitOK, cmd)
}
