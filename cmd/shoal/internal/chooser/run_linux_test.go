package chooser

import (
	"context"
	"io"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/shoal-bt/shoal/cmd/shoal/internal/terminal"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/terminal/terminaltest"
)

// A screen is where a list is shown. It calls a function when a text is shown for the first time.
type screen struct {
	mu    sync.Mutex
	text  strings.Builder
	steps []step
}

type step struct {
	text string
	do   func()
}

func (s *screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.text.Write(p)
	if len(s.steps) > 0 && strings.Contains(string(p), s.steps[0].text) {
		do := s.steps[0].do
		s.steps = s.steps[1:]
		do()
	}
	return len(p), nil
}

// However a choice ends, the terminal has its settings and its first screen back.
func TestRunGivesTheTerminalBack(t *testing.T) {
	type end struct {
		user   *os.File
		cancel func()
		size   *[2]int
	}
	send := func(e end, keys string) { io.WriteString(e.user, keys) }
	for _, test := range []struct {
		name  string
		steps func(e end) []step
		want  error
		state State
	}{
		{"accepted", func(e end) []step {
			return []step{
				{"4 of 4 files", func() { send(e, down+" ") }},
				{"3 of 4 files", func() { send(e, "\r") }},
			}
		}, nil, Accepted},
		{"after a resize", func(e end) []step {
			return []step{
				{"Enter: download", func() { *e.size = [2]int{60, 5} }},
				{"lines 1 to 1 of 7", func() { send(e, "\r") }},
			}
		}, nil, Accepted},
		{"q", func(e end) []step { return []step{{"4 of 4", func() { send(e, "q") }}} }, ErrAborted, Aborted},
		{"Ctrl-C", func(e end) []step { return []step{{"4 of 4", func() { send(e, "\x03") }}} }, ErrAborted, Aborted},
		{"Esc", func(e end) []step { return []step{{"4 of 4", func() { send(e, "\x1b") }}} }, ErrAborted, Aborted},
		{"a signal", func(e end) []step { return []step{{"4 of 4", e.cancel}} }, context.Canceled, Choosing},
		{"the terminal is gone", func(e end) []step { return []step{{"4 of 4", func() { e.user.Close() }}} }, io.EOF, Choosing},
	} {
		t.Run(test.name, func(t *testing.T) {
			user, program := terminaltest.OpenPair(t)
			before, err := unix.IoctlGetTermios(int(program.Fd()), unix.TCGETS)
			require.NoError(t, err)
			ctx, cancel := context.WithCancel(t.Context())
			size := [2]int{80, 24}
			s := new(screen)
			s.steps = test.steps(end{user, cancel, &size})
			l := New("album", filesOf("album/a.mkv", "album/x/b.srt", "album/c", "album/x/y/d"), nil)
			err = Window{Keys: program, Output: s, Size: func() (int, int) { return size[0], size[1] }}.Run(ctx, l)
			require.ErrorIs(t, err, test.want)
			require.Equal(t, test.state, l.State())
			require.True(t, strings.HasPrefix(s.text.String(), enterScreen))
			require.True(t, strings.HasSuffix(s.text.String(), leaveScreen))
			require.Empty(t, s.steps)
			after, err := unix.IoctlGetTermios(int(program.Fd()), unix.TCGETS)
			if test.name != "the terminal is gone" {
				require.NoError(t, err)
				require.Equal(t, before, after)
			}
		})
	}
}

// While a list is shown the terminal hands on Ctrl-C as a key, and shows none.
func TestRunReadsKeys(t *testing.T) {
	user, program := terminaltest.OpenPair(t)
	s := new(screen)
	s.steps = []step{{"1 of 1", func() {
		now, err := unix.IoctlGetTermios(int(program.Fd()), unix.TCGETS)
		require.NoError(t, err)
		require.Zero(t, now.Lflag&(unix.ICANON|unix.ECHO|unix.ISIG))
		io.WriteString(user, "q")
	}}}
	err := Window{Keys: program, Output: s, Size: func() (int, int) { return 80, 24 }}.Run(t.Context(), New("a", filesOf("a"), nil))
	require.ErrorIs(t, err, ErrAborted)
}

func TestRunWithoutATerminal(t *testing.T) {
	r, w, err := os.Pipe()
	require.NoError(t, err)
	defer r.Close()
	defer w.Close()
	s := new(screen)
	err = Window{Keys: r, Output: s, Size: func() (int, int) { return 80, 24 }}.Run(t.Context(), New("a", filesOf("a"), nil))
	require.ErrorIs(t, err, terminal.ErrNoKeys)
	require.Empty(t, s.text.String())
}
