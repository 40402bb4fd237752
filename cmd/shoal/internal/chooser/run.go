package chooser

import (
	"context"
	"errors"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/shoal-bt/shoal/cmd/shoal/internal/terminal"
)

// ErrAborted says that the user left the list without a choice.
var ErrAborted = errors.New("you left the list, so nothing was chosen")

// keyTimeout is how long the rest of a key's bytes may take, and how often the size of the window
// is looked at.
const keyTimeout = 100 * time.Millisecond

// What a terminal is sent at the beginning and at the end: the second screen, without a cursor and
// without wrapping, and the first one again.
const (
	enterScreen = "\x1b[?1049h\x1b[?25l\x1b[?7l"
	leaveScreen = "\x1b[?7h\x1b[?25h\x1b[?1049l"
)

// A Window is a terminal to choose on.
type Window struct {
	Keys   *os.File                   // that keys come from
	Output io.Writer                  // the same terminal
	Size   func() (columns, rows int) // of the window
	Style  terminal.Style
}

// Run shows a list until the user has chosen. It returns nil if the choice was accepted, ErrAborted
// if the user left, the error of ctx if that is done before, and terminal.ErrNoKeys if there
// is no terminal to choose on. The terminal has its settings back then.
func (w Window) Run(ctx context.Context, l *List) error {
	restore, err := terminal.Raw(w.Keys)
	if err != nil {
		return err
	}
	defer restore()
	// Also while the terminal takes no output, as after Ctrl-S.
	defer context.AfterFunc(ctx, restore)()
	io.WriteString(w.Output, enterScreen)
	defer io.WriteString(w.Output, leaveScreen)
	buf := make([]byte, 256)
	var pending []byte // of a key that is not complete
	shown := ""
	for l.State() == Choosing {
		columns, rows := w.Size()
		frame := drawn(l.Lines(w.Style, columns, rows))
		if frame != shown {
			io.WriteString(w.Output, frame)
			shown = frame
		}
		n, err := terminal.ReadKeys(w.Keys, buf, keyTimeout)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			return err
		}
		keys, incomplete := Decode(slices.Concat(pending, buf[:n]), n == 0)
		pending = slices.Clone(incomplete)
		for _, k := range keys {
			if l.State() == Choosing {
				l.Press(k)
			}
		}
	}
	if l.State() == Aborted {
		return ErrAborted
	}
	return nil
}

// drawn returns what draws lines from the top of the window on, in one write, so that nothing
// flickers.
func drawn(lines []string) string {
	return "\x1b[H" + strings.Join(lines, "\x1b[K\r\n") + "\x1b[K\x1b[J"
}
