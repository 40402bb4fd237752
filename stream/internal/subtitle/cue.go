package subtitle

import (
	"slices"
	"strings"
	"unicode"
)

const (
	maxCue = 8 << 10 // how much text of a cue is shown, in bytes of the input
	maxTag = 256     // how long a tag may be in bytes
)

// A cue is text that is shown from one moment to another.
type cue struct {
	start, end moment
	place      string // settings of WebVTT, after a space; empty for the usual place
	size       int    // bytes of the input
	lines      []string
	line       strings.Builder // the one that is being built
	open       []byte          // the tags that are open, each by its letter
}

// add adds a line of SubRip. It keeps the tags for italic, bold and underlined text, drops those
// for fonts, and shows anything else as it is.
func (c *cue) add(s string) {
	c.size += len(s)
	if (c.size > maxCue) || (c.end == 0) {
		return
	}
	for s != "" {
		n := 0
		switch s[0] {
		case '<':
			n = c.tag(s)
		case '{':
			n = c.override(s)
		case '&':
			n = c.entity(s)
		case '>':
			n = 1
			c.line.WriteString("&gt;") // so that no text is a timing
		default:
			n = strings.IndexAny(s, "<{&>")
			if n < 0 {
				n = len(s)
			}
			c.line.WriteString(strings.Map(visible, s[:n]))
		}
		s = s[n:]
	}
	c.endLine()
}

// visible drops control characters, among them those of Latin-1, and the mark of Unicode.
func visible(r rune) rune {
	isControl := (r != '\t') && unicode.IsControl(r)
	if isControl || (r == 0xfeff) {
		return -1
	}
	return r
}

// endLine ends a line. One without anything to show is left out, because it would end the cue.
func (c *cue) endLine() {
	if strings.TrimSpace(c.line.String()) != "" {
		c.lines = append(c.lines, c.line.String())
	}
	c.line.Reset()
}

// inside returns what is between the first byte of s and the next end, and where it continues
// after that. Within so few bytes there may be no end.
func inside(s string, end byte) (string, int) {
	s = s[:min(len(s), maxTag)]
	i := strings.IndexByte(s, end)
	if i < 0 {
		return "", 0
	}
	return s[1:i], i + 1
}

// tag writes what becomes of the "<" at the beginning of s, and returns how much of s that is.
func (c *cue) tag(s string) int {
	name, n := inside(s, '>')
	name = strings.ToLower(strings.TrimSpace(name))
	word, _, _ := strings.Cut(name, " ")
	switch word {
	case "i", "b", "u":
		c.openTag(word[0])
	case "/i", "/b", "/u":
		c.closeTag(word[1])
	case "br", "br/":
		c.endLine()
	case "font", "/font":
	default:
		c.line.WriteString("&lt;")
		return 1
	}
	return n
}

// openTag opens a tag unless it is open, so a cue is at most three deep.
func (c *cue) openTag(letter byte) {
	if slices.Contains(c.open, letter) {
		return
	}
	c.open = append(c.open, letter)
	c.line.WriteString("<" + string(letter) + ">")
}

// closeTag closes a tag, and those in it.
func (c *cue) closeTag(letter byte) {
	for slices.Contains(c.open, letter) {
		last := c.open[len(c.open)-1]
		c.open = c.open[:len(c.open)-1]
		c.line.WriteString("</" + string(last) + ">")
	}
}

// override does what tag does for "{". An override such as {\an8} comes from another format, and
// most of them say how text looks. This one says where it is: digits are placed as on a keypad.
func (c *cue) override(s string) int {
	name, n := inside(s, '}')
	if !strings.HasPrefix(name, `\`) {
		c.line.WriteByte('{')
		return 1
	}
	if i := strings.Index(name, `\an`); (i >= 0) && (i+3 < len(name)) {
		switch name[i+3] {
		case '7', '8', '9':
			c.place = " line:0"
		case '4', '5', '6':
			c.place = " line:50%"
		}
	}
	return n
}

// entity does what tag does for "&". Some files have entities, most have text.
func (c *cue) entity(s string) int {
	for _, known := range []string{"&amp;", "&lt;", "&gt;", "&nbsp;", "&lrm;", "&rlm;"} {
		if strings.HasPrefix(s, known) {
			c.line.WriteString(known)
			return len(known)
		}
	}
	c.line.WriteString("&amp;")
	return 1
}

// text returns the text as WebVTT, with its tags closed. It is empty if there is nothing to show.
func (c *cue) text() string {
	if len(c.lines) == 0 {
		return ""
	}
	for _, letter := range slices.Backward(c.open) {
		c.lines[len(c.lines)-1] += "</" + string(letter) + ">"
	}
	c.open = nil
	return strings.Join(c.lines, "\n")
}
