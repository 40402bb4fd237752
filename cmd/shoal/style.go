package main

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// A style says what a terminal can show.
type style struct {
	color   bool
	unicode bool
}

// styleOf reads the environment: https://no-color.org, and the locale.
func styleOf(getenv func(string) string) style {
	locale := getenv("LC_ALL")
	if locale == "" {
		locale = getenv("LC_CTYPE")
	}
	if locale == "" {
		locale = getenv("LANG")
	}
	locale = strings.ToLower(locale)
	return style{
		color:   getenv("NO_COLOR") == "",
		unicode: strings.Contains(locale, "utf-8") || strings.Contains(locale, "utf8") || getenv("WT_SESSION") != "",
	}
}

// The colours that are used, as numbers of the terminal's palette.
const (
	green  = "32"
	yellow = "33"
	red    = "31"
	cyan   = "36"
	faint  = "2"
)

// paint returns text in a colour.
func (s style) paint(color, text string) string {
	if !s.color || text == "" {
		return text
	}
	return "\x1b[" + color + "m" + text + "\x1b[0m"
}

// arrows returns the signs for what comes in and goes out.
func (s style) arrows() (down, up string) {
	if s.unicode {
		return "↓", "↑"
	}
	return "down", "up"
}

// sanitize returns foreign text fit for a terminal: without control characters, and
// without those that turn the direction of writing.
func sanitize(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == utf8.RuneError, unicode.IsControl(r), unicode.Is(unicode.Bidi_Control, r), r == 0x2028, r == 0x2029:
			return '?'
		}
		return r
	}, s)
}

// width returns how many columns text takes, without its colours.
func width(text string) (n int) {
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

// cut returns the beginning of text that fits into a number of columns.
func cut(text string, columns int) string {
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

// shorten leaves out the middle of text that does not fit.
func shorten(text string, columns int) string {
	if width(text) <= columns {
		return text
	}
	if columns < 8 {
		return cut(text, columns)
	}
	runes := []rune(text)
	tail, n := len(runes), 0
	for tail > 0 && n+columnsOf(runes[tail-1]) <= (columns-3)/2 {
		tail--
		n += columnsOf(runes[tail])
	}
	return cut(text, columns-3-n) + "..." + string(runes[tail:])
}

// padRight fills text up with spaces.
func padRight(text string, columns int) string {
	return text + strings.Repeat(" ", max(0, columns-width(text)))
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
