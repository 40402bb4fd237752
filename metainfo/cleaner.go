package metainfo

import (
	"strings"
	"unicode/utf8"
)

// A cleaner makes paths from strangers safe to create. It cleans every name in a
// torrent. A clean name is valid UTF-8 of at most maxName bytes, without separators and
// control characters; it is not ".", ".." or a device name of Windows. With windows set
// it is also without the characters that Windows forbids, which are common in names
// elsewhere.
type cleaner struct{ windows bool }

// component cleans one component of a path. It returns "" if nothing is left.
func (c cleaner) component(s string) string {
	if !utf8.ValidString(s) {
		s = strings.ToValidUTF8(s, "_")
	}
	s = strings.Map(c.filter, s)
	s = c.trim(s)
	if s == "" || s == "." || s == ".." {
		return ""
	}
	if isDevice(s) {
		s = "_" + s
	}
	return c.trim(shorten(s, maxName))
}

// filter drops or replaces characters that no name should have.
func (c cleaner) filter(r rune) rune {
	switch {
	case r == '/' || r == '\\' || r < 0x20 || 0x7f <= r && r < 0xa0:
		return -1
	case r == 0x200e || r == 0x200f || 0x202a <= r && r <= 0x202e || 0x2066 <= r && r <= 0x2069:
		// These change the direction of text, which can hide an extension.
		return -1
	case c.windows && strings.ContainsRune(`<>:"|?*`, r):
		return '_'
	}
	return r
}

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

// shorten cuts s to at most n bytes, but keeps its extension.
func shorten(s string, n int) string {
	if len(s) <= n {
		return s
	}
	stem, ext := splitExt(s)
	return cutRunes(stem, n-len(ext)) + ext
}

// splitExt splits off the extension, with its dot, if it has at most 20 bytes.
func splitExt(s string) (stem, ext string) {
	i := strings.LastIndexByte(s, '.')
	if i <= 0 || len(s)-i > 20 {
		return s, ""
	}
	return s[:i], s[i:]
}

// cutRunes cuts s to at most n bytes without splitting a character.
func cutRunes(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}
