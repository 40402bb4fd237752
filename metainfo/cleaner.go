package metainfo

import (
	"path"
	"runtime"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// A cleaner turns names from torrents into names of files. Users' names are theirs, so it
// changes only what the system cannot store, and the characters that make a name look
// like another one, which is dangerous to open. A clean name is valid UTF-8 of at most
// maxName bytes without "/" and zero bytes, and not "." or "..". It may hold other control
// characters, so escape it to show it.
type cleaner struct {
	windows  bool                                // names may not have some characters, and those of devices are reserved
	foldCase bool                                // two names that differ only in case are one file
	keepTurn bool                                // keep the characters that turn the direction of text
	decoder  func(string) (text string, ok bool) // for names that are not UTF-8; may be nil
}

// maxName is the longest name that file systems store: in bytes, or on Windows in UTF-16
// units.
const maxName = 255

// systemCleaner returns the cleaner for the system that this runs on.
func systemCleaner() cleaner {
	windows := runtime.GOOS == "windows"
	return cleaner{windows: windows, foldCase: windows || runtime.GOOS == "darwin" || runtime.GOOS == "ios"}
}

// component cleans one component of a path. It returns "" if nothing is left.
func (c cleaner) component(s string) string {
	if c.decoder != nil {
		if text, ok := c.decoder(s); ok {
			s = text
		}
	}
	s = replaceBytes(s)
	s = strings.Map(c.filter, s)
	s = c.trim(s)
	if s == "" || s == "." || s == ".." {
		return ""
	}
	if c.windows && isDevice(s) {
		s = "_" + s
	}
	return c.trim(c.shorten(s, maxName))
}

// replaceBytes replaces each byte that is not UTF-8, so that names of different lengths
// stay different.
func replaceBytes(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	var b strings.Builder
	for len(s) > 0 {
		r, size := utf8.DecodeRuneInString(s)
		if r == utf8.RuneError && size == 1 {
			b.WriteByte('_')
		} else {
			b.WriteString(s[:size])
		}
		s = s[size:]
	}
	return b.String()
}

// filter drops or replaces characters that a name cannot or should not have.
func (c cleaner) filter(r rune) rune {
	switch {
	case r == '/' || r == 0:
		return -1
	case turnsText(r) && !c.keepTurn:
		return -1
	case c.windows && (r == '\\' || r < 0x20):
		return -1
	case c.windows && strings.ContainsRune(`<>:"|?*`, r):
		return '_'
	}
	return r
}

// turnsText reports whether r prints the letters behind it in the other order, which can
// make a program look like a picture. Marks such as U+200F do not, and names in Hebrew or
// Arabic have them.
func turnsText(r rune) bool { return r == 0x202d || r == 0x202e }

// trim removes the end that Windows would remove itself, because names that differ only
// there are the same to Windows.
func (c cleaner) trim(s string) string {
	if c.windows {
		return strings.TrimRight(s, ". ")
	}
	return s
}

// path cleans components and joins them below root, without those of which nothing is
// left. If nothing is left of any, the path ends in "_".
func (c cleaner) path(root string, components []string) string {
	var b strings.Builder
	b.WriteString(root)
	empty := true
	for _, s := range components {
		if s = c.component(s); s == "" {
			continue
		}
		b.WriteByte('/')
		b.WriteString(s)
		empty = false
	}
	if empty {
		b.WriteString("/_")
	}
	return b.String()
}

// fold returns the same string for paths that the system may take for the same.
func (c cleaner) fold(s string) string {
	if !c.foldCase {
		return s
	}
	return strings.ToLower(strings.ToUpper(s))
}

// devices are the names that Windows reserves for devices, also with an extension.
var devices = func() map[string]bool {
	m := map[string]bool{"CON": true, "PRN": true, "AUX": true, "NUL": true, "CONIN$": true, "CONOUT$": true}
	for _, port := range []string{"COM", "LPT"} {
		for _, n := range []string{"0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "¹", "²", "³"} {
			m[port+n] = true
		}
	}
	return m
}()

func isDevice(s string) bool {
	s, _, _ = strings.Cut(s, ".")
	return devices[strings.ToUpper(strings.TrimRight(s, " "))]
}

// shorten cuts s to the length n, but keeps its extension.
func (c cleaner) shorten(s string, n int) string {
	if c.length(s) <= n {
		return s
	}
	ext := extension(s)
	return c.cut(s[:len(s)-len(ext)], n-c.length(ext)) + ext
}

// length returns how long a name is, in the unit of maxName.
func (c cleaner) length(s string) (n int) {
	if !c.windows {
		return len(s)
	}
	for _, r := range s {
		n += utf16.RuneLen(r)
	}
	return n
}

// cut cuts s to the length n without splitting a character.
func (c cleaner) cut(s string, n int) string {
	for i, r := range s {
		if n -= c.length(string(r)); n < 0 {
			return s[:i]
		}
	}
	return s
}

// extension returns the extension of a name, with its dot, if it has at most 20 bytes.
func extension(s string) string {
	ext := path.Ext(s)
	if len(ext) > 20 || len(ext) == len(s) {
		return ""
	}
	return ext
}
