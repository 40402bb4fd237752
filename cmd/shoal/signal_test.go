//go:build unix

package main

import (
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// endBySignal sends a signal and waits for the end that it causes.
func endBySignal(t *testing.T, cmd *exec.Cmd, signal os.Signal) {
	t.Helper()
	require.NoError(t, cmd.Process.Signal(signal))
	requireCode(t, exitInterrupted, cmd)
}

// A signal ends a command that waits for its input: standard input, or a FIFO that
// nobody writes to.
func TestSignalsEndReads(t *testing.T) {
	for _, args := range []string{"get -", "seed -", "inspect -", "verify -", "tracker --listen 127.0.0.1:0 --torrent -", "get fifo.torrent", "seed fifo.torrent", "inspect fifo.torrent", "verify fifo.torrent", "tracker --listen 127.0.0.1:0 --torrent fifo.torrent"} {
		for _, signal := range []os.Signal{os.Interrupt, syscall.SIGTERM} {
			t.Run(args+" "+signal.String(), func(t *testing.T) {
				isolate(t)
				require.NoError(t, syscall.Mkfifo("fifo.torrent", 0o600))
				cmd, started := startedProcess(t, strings.Fields(args)...)
				started()
				endBySignal(t, cmd, signal)
			})
		}
	}
}

// startedProcess starts shoal with a standard input that stays open. started returns when
// the signals are handled.
func startedProcess(t *testing.T, args ...string) (cmd *exec.Cmd, started func()) {
	t.Helper()
	cmd, _ = processOf(t, args...)
	stdin, err := cmd.StdinPipe()
	require.NoError(t, err)
	t.Cleanup(func() { stdin.Close() })
	log, err := cmd.StderrPipe()
	require.NoError(t, err)
	cmd.Env = append(cmd.Env, "SHOAL_LOG_LEVEL=debug")
	require.NoError(t, cmd.Start())
	return cmd, func() {
		_, err := io.ReadFull(log, make([]byte, 1))
		require.NoError(t, err, "the log says that the command begins")
		go io.Copy(io.Discard, log)
	}
}

// A signal ends a command whose output nobody takes.
func TestSignalsEndWrites(t *testing.T) {
	isolate(t)
	makeContent(t, 1<<18)
	long := strings.Repeat("long ", 20_000) // more than a pipe holds
	shoal(t, exitOK, "create", "album", "--comment", long)
	for _, args := range [][]string{{"inspect", "album.torrent"}, {"inspect", "--json", "album.torrent"}, {"create", "album", "-o", "-", "--comment", long}} {
		cmd, out := process(t, args...)
		_, err := io.ReadFull(out, make([]byte, 1))
		require.NoError(t, err)
		endBySignal(t, cmd, syscall.SIGTERM)
	}
}

// A command that cannot say what it found has failed.
func TestFullOutput(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip("there is no /dev/full")
	}
	defer full.Close()
	dir := isolate(t)
	makeContent(t, 1<<18)
	shoal(t, exitOK, "create", "album")
	for _, args := range []string{
		"--help", "--version", "help", "version", "inspect album.torrent", "inspect --json album.torrent", "verify album.torrent", "verify --json album.torrent",
		"create album -o -", "create album -o other.torrent", "get album.torrent -q --listen off --overwrite", "cat album.torrent --listen off --overwrite --select 1", "demo --size 64KiB --dir " + dir,
	} {
		t.Run(args, func(t *testing.T) {
			errs := newOutput()
			code := run(t.Context(), strings.Fields(args), strings.NewReader(""), full, errs)
			require.Equal(t, exitFailed, code, errs)
			require.Contains(t, errs.String(), "no space left on device\n  The disk is full. Free some space and run the same command again.\n")
		})
	}
	left, err := filepath.Glob("shoal-demo-*")
	require.NoError(t, err)
	require.Empty(t, left)
}
