package chooser

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shoal-bt/shoal/cmd/shoal/internal/selection"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/terminal"
)

func filesOf(paths ...string) (all []selection.File) {
	for i, path := range paths {
		all = append(all, selection.File{Index: i, Number: i + 1, Path: path, Length: 1 << (10 + i)})
	}
	return all
}

// shown returns a list in a window, without colours.
func shown(l *List, columns, rows int) string {
	return strings.Join(l.Lines(terminal.Style{}, columns, rows), "\n")
}

func press(l *List, keys string) {
	decoded, _ := Decode([]byte(keys), true)
	for _, k := range decoded {
		l.Press(k)
	}
}

const (
	down  = "\x1b[B"
	up    = "\x1b[A"
	right = "\x1b[C"
	left  = "\x1b[D"
)

// Each step is keys, and what the window shows after them.
func TestChooseInAList(t *testing.T) {
	l := New("album\n", filesOf("album/a.mkv", "album/x/b.srt", "album/c", "album/x/y/\x1b[31md"), nil)
	require.Equal(t, `4 of 4 files chosen, 15.0 KiB of 15.0 KiB, of album\n

> [x]   15.0 KiB  album/
  [x]    1.0 KiB    a.mkv
  [x]   10.0 KiB    x/
  [x]    2.0 KiB      b.srt
  [x]    8.0 KiB      y/
  [x]    8.0 KiB        \x1b[31md
  [x]    4.0 KiB    c
Up, Down, PgUp, PgDn, Home, End: move  Left, Right: close and open a folder
Space: choose  Enter: download  q: quit  a: all or none`, shown(l, 80, 24))

	press(l, " \r") // takes all back, and none cannot be accepted
	require.Equal(t, Choosing, l.State())
	require.Contains(t, shown(l, 80, 24), "0 of 4 files chosen, 0 B of")
	require.Contains(t, shown(l, 80, 24), "\nNo file is chosen. Choose one with Space, or quit with q.")

	press(l, down+" ") // a file, and the cursor goes on
	press(l, down+" ")
	require.Contains(t, shown(l, 80, 24), `
  [-]   15.0 KiB  album/
  [x]    1.0 KiB    a.mkv
  [-]   10.0 KiB    x/
  [x]    2.0 KiB      b.srt
> [ ]    8.0 KiB      y/
  [ ]    8.0 KiB        \x1b[31md
`)
	press(l, left+left+left) // y is closed; then x, which the cursor is in, is gone to and closed
	require.Contains(t, shown(l, 80, 24), `
  [x]    1.0 KiB    a.mkv
> [-]   10.0 KiB    x/ (2 files)
  [ ]    4.0 KiB    c
`)
	press(l, " ") // all of the folder
	require.Equal(t, []bool{true, true, false, true}, l.Wanted())
	press(l, " ")
	require.Equal(t, []bool{true, false, false, false}, l.Wanted())
	press(l, right+right+right) // opens x, goes to b, and stays there
	require.Contains(t, shown(l, 80, 24), "\n> [ ]    2.0 KiB      b.srt\n")
	require.Contains(t, shown(l, 80, 24), "y/ (1 file)")
	press(l, "a")
	require.Equal(t, []bool{true, true, true, true}, l.Wanted())
	press(l, "a"+up+up+" \r")
	require.Equal(t, []bool{true, false, false, false}, l.Wanted())
	require.Equal(t, Accepted, l.State())
}

func TestAbort(t *testing.T) {
	for _, keys := range []string{"q", "\x03", "\x1b", "\x1b\x1b"} {
		l := New("album", filesOf("album/a"), []bool{false})
		press(l, keys)
		require.Equal(t, Aborted, l.State(), "%q", keys)
		require.Equal(t, []bool{false}, l.Wanted())
	}
}

// A list of thousands of files scrolls, and nothing is wider or higher than the window.
func TestScroll(t *testing.T) {
	var paths []string
	for i := range 5000 {
		paths = append(paths, fmt.Sprintf("album/%02d/日本語 %s.mkv", i/100, strings.Repeat("x", i%300)))
	}
	l := New("album", filesOf(paths...), nil)
	for _, size := range [][2]int{{80, 24}, {20, 5}, {200, 60}, {1, 1}, {5, 2}, {80, 4}, {80, 24}} {
		for _, keys := range []string{"", "\x1b[6~", "\x1b[6~", down, "\x1b[F", up, "\x1b[5~", "\x1b[H", "G", "g", "\x06\x02"} {
			press(l, keys)
			lines := l.Lines(terminal.Style{}, size[0], size[1])
			require.LessOrEqual(t, len(lines), size[1])
			marked := 0
			for _, line := range lines {
				require.Less(t, terminal.Width(line), max(size[0], 11), line)
				marked += btoi(strings.HasPrefix(line, "> "))
			}
			require.Equal(t, 1, marked, "the cursor is in the window: %v %q", size, keys)
		}
	}
	press(l, "G")
	text := shown(l, 80, 24)
	require.Contains(t, text, "\nlines 5,032 to 5,051 of 5,051\n")
	press(l, "g")
	require.Contains(t, shown(l, 80, 24), "\nlines 1 to 20 of 5,051\n")
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// The cursor has a colour of its own, in the whole row.
func TestCursorIsPainted(t *testing.T) {
	l := New("a", filesOf("a"), nil)
	lines := l.Lines(terminal.Style{Color: true}, 40, 24)
	require.Equal(t, "\x1b[7m"+terminal.PadRight("> [x]    1.0 KiB  a", 39)+"\x1b[0m", lines[2])
}

func TestListWithoutFiles(t *testing.T) {
	l := New("a", nil, nil)
	press(l, " "+up+down+left+right+"a\x1b[5~\x1b[6~gG\r")
	require.Equal(t, Choosing, l.State())
	require.Contains(t, shown(l, 80, 24), "0 of 0 files")
}

// A torrent with very deep folders makes no call deep, and shows names all the same.
func TestDeepFolders(t *testing.T) {
	l := New("a", filesOf(strings.Repeat("d/", 20000)+"file"), nil)
	press(l, "G")
	require.Contains(t, shown(l, 80, 24), strings.Repeat(" ", maxIndent)+"file")
	press(l, left)
	require.Contains(t, shown(l, 80, 24), "\n> [x]    1.0 KiB  "+strings.Repeat(" ", maxIndent)+"d/\n  [x]")
}

func TestDecode(t *testing.T) {
	for _, test := range []struct {
		bytes string
		isEnd bool
		keys  []Key
		left  string
	}{
		{"\x1b", false, nil, "\x1b"},
		{"\x1b", true, []Key{Abort}, ""},
		{"\x1b[", false, nil, "\x1b["},
		{"\x1b[5", false, nil, "\x1b[5"},
		{"\x1b[5~", false, []Key{PageUp}, ""},
		{"\x1bOA\x1bOB", false, []Key{Up, Down}, ""},
		{"\x1bO", false, nil, "\x1bO"},
		{"jk gG\r", false, []Key{Down, Up, Space, Home, End, Enter}, ""},
		{"\x1bx", false, nil, ""}, // Alt and x
		{"\x1b[1;5Cq", false, []Key{Abort}, ""},
		{"\x1b[200~", false, nil, ""},
		{"zé\x00", false, nil, ""},
		{"\x1b[" + strings.Repeat("1", 100), false, nil, ""},
	} {
		keys, left := Decode([]byte(test.bytes), test.isEnd)
		require.Equal(t, test.keys, keys, "%q", test.bytes)
		require.Equal(t, test.left, string(left), "%q", test.bytes)
	}
}

// Whatever a terminal sends, in whatever pieces, is read without keeping much of it.
func FuzzKeys(f *testing.F) {
	f.Add([]byte("\x1b[A \x1b[6~a\x1bOB\x1b[D\x1b[C\r"), 3)
	f.Add([]byte("\x1b\x1b[[[[q"), 1)
	f.Fuzz(func(t *testing.T, sent []byte, size int) {
		l := New("a", filesOf("a/b", "a/c/d", "a/c/e", "a/f"), nil)
		var pending []byte
		for len(sent) > 0 && l.State() == Choosing {
			n := min(max(size, 1), len(sent))
			keys, left := Decode(append(pending, sent[:n]...), false)
			require.Less(t, len(left), maxSequence)
			pending, sent = append([]byte(nil), left...), sent[n:]
			for _, k := range keys {
				l.Press(k)
			}
			require.Less(t, l.cursor, len(l.visible))
			require.Len(t, l.Lines(terminal.Style{}, 20, 8), min(len(l.visible), 4)+around)
		}
		files, chosen := 0, 0
		for _, e := range l.entries {
			if e.file >= 0 {
				files, chosen = files+1, chosen+e.chosen
			}
		}
		require.Equal(t, chosen, l.entries[0].chosen, "the folder knows what is chosen in it")
		require.Equal(t, 4, files)
	})
}
