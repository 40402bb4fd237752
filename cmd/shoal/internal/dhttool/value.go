package dhttool

import (
	"encoding/hex"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/shoal-bt/shoal/bencode"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/terminal"
)

// rawOf returns the bytes of a value that is a string, or else the value as bencode.
func rawOf(value []byte) []byte {
	v, err := bencode.Scan(value, bencode.Options{})
	if err != nil {
		return value
	}
	b, err := v.Bytes()
	if err != nil {
		return value
	}
	return b
}

// textOf returns the text of a value that is one.
func textOf(value []byte) (text string, ok bool) {
	v, err := bencode.Scan(value, bencode.Options{})
	if err != nil {
		return "", false
	}
	text, err = v.Text()
	ok = err == nil && utf8.ValidString(text)
	if !ok {
		return "", false
	}
	return text, true
}

// linesOf returns a value as lines for people, which a terminal may show. They are no more
// than the value has bytes.
func linesOf(value []byte) (lines []string) {
	text, ok := textOf(value)
	if ok {
		for l := range strings.SplitSeq(strings.TrimSuffix(text, "\n"), "\n") {
			lines = append(lines, terminal.Sanitize(l))
		}
		return lines
	}
	v, err := bencode.Scan(value, bencode.Options{})
	if err != nil {
		return []string{"0x" + hex.EncodeToString(value)}
	}
	var b strings.Builder
	describe(&b, v)
	return []string{b.String()}
}

// describe writes a value. It calls itself no deeper than items are nested, which is 30.
func describe(b *strings.Builder, v bencode.Value) {
	between := ""
	switch v.Kind() {
	case bencode.Integer:
		b.Write(v.Raw()[1 : len(v.Raw())-1])
	case bencode.List:
		b.WriteByte('[')
		for e := range v.List() {
			b.WriteString(between)
			describe(b, e)
			between = ", "
		}
		b.WriteByte(']')
	case bencode.Dict:
		b.WriteByte('{')
		for key, e := range v.Dict() {
			fmt.Fprintf(b, "%s%s: ", between, quoted(key))
			describe(b, e)
			between = ", "
		}
		b.WriteByte('}')
	default:
		text, _ := v.Bytes()
		b.WriteString(quoted(text))
	}
}

// quoted returns a string in quotes, or in hexadecimal digits if it is no text.
func quoted(text []byte) string {
	if !utf8.Valid(text) {
		return "0x" + hex.EncodeToString(text)
	}
	return `"` + strings.ReplaceAll(terminal.Sanitize(string(text)), `"`, `\"`) + `"`
}
