package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shoal-bt/shoal/cmd/shoal/internal/console"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/shell"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/terminal"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/terminal/terminaltest"
)

func TestDemo(t *testing.T) {
	dir := isolate(t)
	stdout, stderr := shoal(t, exitOK, "demo", "--size", "4MiB", "--dir", dir)
	require.Empty(t, stderr)
	for _, want := range []string{"1. Wrote 115 files: 4.0 MiB", "2. Hashed ", "3. The tracker listens at 127.0.0.1:", "4. Downloaded 4.0 MiB", "5. Compared 115 files", "It works: 4.0 MiB", "Cleaned up: "} {
		require.Contains(t, stdout, want)
	}
	left, err := filepath.Glob(filepath.Join(dir, "shoal-demo-*"))
	require.NoError(t, err)
	require.Empty(t, left)
	require.NoDirExists(t, filepath.Join(dir, "state"), "the demo remembers nothing")

	stdout, _ = shoal(t, exitOK, "demo", "--size", "1MiB", "--dir", dir, "--json")
	o := event(t, stdout, "demonstrated")
	require.EqualValues(t, 115, o["files"])
	require.EqualValues(t, 1<<20, o["bytes"])
}

func TestDemoCleansUpWhenInterrupted(t *testing.T) {
	for _, at := range []string{"Shoal demo", "1. Wrote", "2. Hashed", "3. The tracker"} {
		t.Run(at, func(t *testing.T) {
			dir := isolate(t)
			ctx, stop := context.WithCancel(t.Context())
			out := &trigger{text: at, call: stop, output: newOutput()}
			code := run(ctx, []string{"demo", "--size", "32MiB", "--dir", dir}, strings.NewReader(""), out, newOutput())
			require.Equal(t, exitInterrupted, code, out)
			require.Contains(t, out.String(), "Cleaned up")
			require.NotContains(t, out.String(), "It works")
			left, err := filepath.Glob(filepath.Join(dir, "shoal-demo-*"))
			require.NoError(t, err)
			require.Empty(t, left)
		})
	}
}

// A trigger calls a function when a text is written.
type trigger struct {
	*output
	text string
	call func()
}

func (w *trigger) Write(p []byte) (int, error) {
	n, err := w.output.Write(p)
	if strings.Contains(string(p), w.text) {
		w.call()
	}
	return n, err
}

// TestNextCommandsWork runs what the demo prints, with and without --keep.
func TestNextCommandsWork(t *testing.T) {
	for _, flags := range [][]string{nil, {"--keep"}} {
		t.Run(strings.Join(flags, " "), func(t *testing.T) {
			dir := isolate(t)
			t.Setenv("TMPDIR", filepath.Join(dir, "a folder"))
			require.NoError(t, os.Mkdir("a folder", 0o777))
			if os.TempDir() != filepath.Join(dir, "a folder") {
				t.Skip("the folder for temporary files cannot be set")
			}
			stdout, _ := shoal(t, exitOK, append([]string{"demo", "--size", "1MiB"}, flags...)...)
			ran := 0
			for line := range strings.Lines(stdout) {
				words := shellWords(t, line)
				switch {
				case !strings.HasPrefix(line, "  ") || len(words) == 0:
					continue
				case words[0] == "echo":
					require.NoError(t, os.WriteFile(words[3], []byte(words[1]+"\n"), 0o666))
				case words[0] != shell.Program():
					require.Fail(t, "what is this?", line)
				case words[1] == "seed":
					seed := start(t, words[1:]...)
					seed.out.await(t, "seeding ")
				default:
					shoal(t, exitOK, words[1:]...)
				}
				ran++
			}
			require.GreaterOrEqual(t, ran, 4)
		})
	}
}

// liveConsole returns a console on a terminal of that size.
func liveConsole(columns, rows int) (*console.Console, *terminaltest.Terminal) {
	w := &terminaltest.Terminal{Columns: columns, Rows: rows}
	c := console.New(nil, w, w)
	c.IsLive = true
	c.Screen.Size = func() (int, int) { return w.Columns, rows }
	return c, w
}

func TestDemoOnATerminal(t *testing.T) {
	dir := isolate(t)
	c, w := liveConsole(60, 12)
	require.NoError(t, demoCommand{Size: 8 << 20, Dir: dir}.Run(t.Context(), c))
	text := w.String()
	require.Contains(t, text, "It works: 8.0 MiB")
	require.Contains(t, text, "\n"+terminal.Style{}.Bar(1, 58)+"\n4. Downloaded 8.0 MiB")
	for _, gone := range []string{"ETA", "writing the sample", "hashing the sample", "peer ("} {
		require.NotContains(t, text, gone)
	}
}
