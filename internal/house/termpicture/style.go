package main

import "strings"

// plain is the colour of text without a colour of its own.
const plain = "#d8dee9"

// palette are the eight colours of SGR 30 to 37.
var palette = [8]string{"#4c566a", "#e06c75", "#98c379", "#e5c07b", "#61afef", "#c678dd", "#56b6c2", "#ffffff"}

// A style is how text is drawn from one escape sequence to the next.
type style struct {
	colour    string
	bold, dim bool
}

// A span is text of one style.
type span struct {
	style
	text string
}

func (s style) attributes() (a string) {
	if s.bold {
		a += ` font-weight="bold"`
	}
	if s.dim {
		a += ` opacity="0.6"`
	}
	return a
}

// split cuts a line at its escape sequences. The style at the end of a line is
// that of the next line.
func (s *style) split(line string) (spans []span) {
	for line != "" {
		text, rest, escaped := strings.Cut(line, "\x1b[")
		if text != "" {
			spans = append(spans, span{*s, text})
		}
		if !escaped {
			break
		}
		codes, after, _ := strings.Cut(rest, "m")
		for code := range strings.SplitSeq(codes, ";") {
			s.apply(code)
		}
		line = after
	}
	return spans
}

// apply changes the style as one SGR code says. It ignores codes that the
// program's output does not use.
func (s *style) apply(code string) {
	switch {
	case code == "" || code == "0":
		*s = style{colour: plain}
	case code == "1":
		s.bold = true
	case code == "2":
		s.dim = true
	case code == "22":
		s.bold, s.dim = false, false
	case code == "39":
		s.colour = plain
	case len(code) == 2 && (code[0] == '3' || code[0] == '9') && code[1] >= '0' && code[1] <= '7':
		s.colour = palette[code[1]-'0']
	}
}
