// Package terminal writes on terminals: colours, widths, text that is safe to show, and
// lines that change in place. It knows nothing of torrents.
package terminal

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// A Style says what a terminal can show.
type Style struct {
	Color   bool
	Unicode bool
}

// StyleOf reads the environment: https://no-color.org, and the locale.
func StyleOf(getenv func(string) string) Style {
	locale := getenv("LC_ALL")
	if locale == "" {
		locale = getenv("LC_CTYPE")
	}
	if locale == "" {
		locale = getenv("LANG")
	}
	locale = strings.ToLower(locale)
	return Style{
		Color:   getenv("NO_COLOR") == "",
		Unicode: strings.Contains(locale, "utf-8") || strings.Contains(locale, "utf8") || getenv("WT_SESSION") != "",
	}
}

// The colours that are used, as numbers of the terminal's palette.
const (
	Green  = "32"
	Yellow = "33"
	Red    = "31"
	Cyan   = "36"
	Faint  = "2"

	Reverse = "7" // the colours of text and background exchanged
)

// Paint returns text in a colour.
func (s Style) Paint(color, text string) string {
	if !s.Color || text == "" {
		return text
	}
	return "\x1b[" + color + "m" + text + "\x1b[0m"
}

// Arrows returns the signs for what comes in and goes out.
func (s Style) Arrows() (down, up string) {
	if s.Unicode {
		return "↓", "↑"
	}
	return "down", "up"
}

// Bar draws a share, 0 to 1, as a bar of a number of cells.
func (s Style) Bar(share float64, cells int) string {
	done := int(min(max(share, 0), 1) * float64(cells))
	full, empty := "#", "."
	if s.Unicode {
		full, empty = "█", "·"
	}
	return s.Paint(Green, strings.Repeat(full, done)) + s.Paint(Faint, strings.Repeat(empty, cells-done))
}

// Sanitize returns foreign text fit for a terminal: control characters, those that turn
// the direction of writing, and bytes that are not UTF-8 become escapes, such as \n and
// \u200f. Names of files must be shown with it.
func Sanitize(s string) string {
	var b strings.Builder
	for i, r := range s {
		size := utf8.RuneLen(r)
		switch {
		case r == utf8.RuneError && !strings.HasPrefix(s[i:], string(utf8.RuneError)):
			fmt.Fprintf(&b, `\x%02x`, s[i])
		case Unsafe(r):
			quoted := strconv.QuoteRuneToASCII(r)
			b.WriteString(quoted[1 : len(quoted)-1])
		default:
			b.WriteString(s[i : i+size])
		}
	}
	return b.String()
}

// Unsafe reports whether a terminal would obey a character instead of showing it.
func Unsafe(r rune) bool {
	return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || r == 0x2028 || r == 0x2029
}

// Width returns how many columns text takes, without its colours.
func Width(text string) (n int) {
	for _, r := range visible(text) {
		n += columnsOf(r)
	}
	return n
}

// visible yields the characters of text with their offsets, but those of colours.
func visible(text string) func(yield func(int, rune) bool) {
	return func(yield func(int, rune) bool) {
		escape := false
		for i, r := range text {
			switch {
			case r == '\x1b':
				escape = true
			case escape:
				escape = r != 'm'
			case !yield(i, r):
				return
			}
		}
	}
}

// Cut returns the beginning of text that fits into a number of columns.
func Cut(text string, columns int) string {
	n := 0
	for i, r := range visible(text) {
		if n += columnsOf(r); n > columns {
			text = text[:i]
			if strings.Contains(text, "\x1b") {
				text += "\x1b[0m"
			}
			break
		}
	}
	return text
}

// Shorten leaves out the middle of text that does not fit.
func Shorten(text string, columns int) string {
	if Width(text) <= columns {
		return text
	}
	if columns < 8 {
		return Cut(text, columns)
	}
	runes := []rune(text)
	tail, n := len(runes), 0
	for tail > 0 && n+columnsOf(runes[tail-1]) <= (columns-3)/2 {
		tail--
		n += columnsOf(runes[tail])
	}
	return Cut(text, columns-3-n) + "..." + string(runes[tail:])
}

// PadRight fills text up with spaces.
func PadRight(text string, columns int) string {
	return text + strings.Repeat(" ", max(0, columns-Width(text)))
}

// columnsOf returns how many columns a terminal gives to a character.
func columnsOf(r rune) int {
	switch {
	case unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf):
		return 0
	case r < 0x1100:
		return 1
	case r <= 0x115f, r >= 0x2e80 && r <= 0x303e, r >= 0x3041 && r <= 0xa4cf, r >= 0xac00 && r <= 0xd7a3,
		r >= 0xf900 && r <= 0xfaff, r >= 0xfe30 && r <= 0xfe6f, r >= 0xff00 && r <= 0xff60,
		r >= 0xffe0 && r <= 0xffe6, r >= 0x1f300 && r <= 0x1faff, r >= 0x20000 && r <= 0x3fffd:
		return 2
	}
	return 1
}
