package stream

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxName is how long a name of a file may be that is proposed to a browser, in bytes. Most file
// systems have this limit.
const maxName = 255

// plainName returns a text of a torrent without what could mislead those who see it: control
// characters, marks that change the direction of text, and invalid UTF-8.
func plainName(text string) string {
	return strings.Map(func(r rune) rune {
		if misleading(r) {
			return '\uFFFD'
		}
		return r
	}, strings.ToValidUTF8(text, "\uFFFD"))
}

// misleading reports whether a character is not shown, or changes how others are shown.
func misleading(r rune) bool {
	return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || r == '\u2028' || r == '\u2029'
}

// fileName returns the last element of a path as a name under which a browser may store the file.
func fileName(path string) string {
	name := strings.Map(func(r rune) rune {
		if misleading(r) || r == '\uFFFD' || strings.ContainsRune(`\/:*?"<>|`, r) {
			return '_'
		}
		return r
	}, strings.ToValidUTF8(path[strings.LastIndexByte(path, '/')+1:], "_"))
	return properName(strings.TrimSpace(name))
}

// properName returns a name of at most maxName bytes. One that consists of dots would be taken for
// a folder.
func properName(name string) string {
	name = shorten(name, maxName)
	if strings.Trim(name, ".") == "" {
		return "file"
	}
	return name
}

// shorten shortens a name to a number of bytes and keeps its extension if that is short.
func shorten(name string, most int) string {
	if len(name) <= most {
		return name
	}
	extension := ""
	if dot := strings.LastIndexByte(name, '.'); dot > 0 && len(name)-dot <= 16 {
		extension = name[dot:]
	}
	return cut(name, most-len(extension)) + extension
}

// cut returns the beginning of a text, of at most a number of bytes. If the text is valid UTF-8, so
// is the beginning.
func cut(text string, most int) string {
	if len(text) <= most {
		return text
	}
	for end := most; end > max(0, most-utf8.UTFMax); end-- {
		if utf8.RuneStart(text[end]) {
			return text[:end]
		}
	}
	return text[:most]
}

// disposition returns a Content-Disposition header. Its name in ASCII is for clients that do not
// know the other one.
// https://www.rfc-editor.org/rfc/rfc6266#section-4.3
func disposition(kind, path string) string {
	name := fileName(path)
	ascii := strings.Map(func(r rune) rune {
		if r >= 0x7f || r == '%' {
			return '_'
		}
		return r
	}, name)
	header := kind + `; filename="` + ascii + `"`
	if ascii != name {
		header += "; filename*=UTF-8''" + escapeExtended(name)
	}
	return header
}

// escapeExtended escapes the value of an extended parameter.
// https://www.rfc-editor.org/rfc/rfc8187#section-3.2.1
func escapeExtended(value string) string {
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(value) {
		c := value[i]
		if unreserved(c) {
			b.WriteByte(c)
			continue
		}
		b.WriteByte('%')
		b.WriteByte(hex[c>>4])
		b.WriteByte(hex[c&15])
	}
	return b.String()
}
