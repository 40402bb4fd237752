package subtitle

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"io"
	"unicode/utf16"
	"unicode/utf8"
)

// maxLine is how long a line may be in bytes of UTF-8; a longer one is taken for several.
const maxLine = 16 << 10

// newLines returns a scanner of the lines of r, each as bytes that text makes text of. A line
// ends with CR, LF or both.
func newLines(r io.Reader) *bufio.Scanner {
	s := bufio.NewScanner(toBytes(r))
	s.Buffer(nil, 2*maxLine) // room for a line and what splitLine looks at behind it
	s.Split(splitLine)
	return s
}

// toBytes returns the text of r, of which UTF-16 becomes UTF-8. It knows UTF-16 by its mark, or
// by the zero in one of the first two bytes, because SubRip begins with a digit.
func toBytes(r io.Reader) io.Reader {
	b := bufio.NewReader(r)
	head, _ := b.Peek(3) // an error comes again with the first read
	mark := func(n int) { b.Discard(n) }
	switch {
	case bytes.HasPrefix(head, []byte{0xef, 0xbb, 0xbf}):
		mark(3)
		return b
	case bytes.HasPrefix(head, []byte{0xff, 0xfe}):
		mark(2)
		return &utf16Reader{r: b, order: binary.LittleEndian}
	case bytes.HasPrefix(head, []byte{0xfe, 0xff}):
		mark(2)
		return &utf16Reader{r: b, order: binary.BigEndian}
	case (len(head) < 2) || ((head[0] == 0) == (head[1] == 0)):
		return b
	case head[0] == 0:
		return &utf16Reader{r: b, order: binary.BigEndian}
	}
	return &utf16Reader{r: b, order: binary.LittleEndian}
}

// A utf16Reader makes UTF-8 of UTF-16. A surrogate without its other half becomes U+FFFD, and so
// does a last byte that is alone.
type utf16Reader struct {
	r       *bufio.Reader
	order   binary.ByteOrder
	unit    uint16 // read already, if hasUnit
	hasUnit bool
	buf     [utf8.UTFMax]byte
	rest    []byte // of the last character, in buf
}

func (u *utf16Reader) Read(p []byte) (n int, err error) {
	for n < len(p) {
		if len(u.rest) == 0 {
			r, err := u.rune()
			if err != nil {
				return n, err
			}
			u.rest = utf8.AppendRune(u.buf[:0], r)
		}
		copied := copy(p[n:], u.rest)
		u.rest = u.rest[copied:]
		n += copied
	}
	return n, nil
}

// rune reads a character.
func (u *utf16Reader) rune() (rune, error) {
	first, err := u.next()
	if err != nil {
		return 0, err
	}
	if !utf16.IsSurrogate(rune(first)) {
		return rune(first), nil
	}
	second, err := u.next()
	if err != nil {
		return utf8.RuneError, nil // the next call returns the error
	}
	r := utf16.DecodeRune(rune(first), rune(second))
	if r == utf8.RuneError {
		u.unit, u.hasUnit = second, true
	}
	return r, nil
}

// next reads a unit of UTF-16.
func (u *utf16Reader) next() (uint16, error) {
	if u.hasUnit {
		u.hasUnit = false
		return u.unit, nil
	}
	var b [2]byte
	_, err := io.ReadFull(u.r, b[:])
	if err == io.ErrUnexpectedEOF {
		return utf8.RuneError, nil
	}
	return u.order.Uint16(b[:]), err
}

// splitLine is a bufio.SplitFunc.
func splitLine(data []byte, atEOF bool) (advance int, line []byte, err error) {
	end := bytes.IndexAny(data[:min(len(data), maxLine)], "\r\n")
	switch {
	case (end < 0) && (len(data) >= maxLine):
		end = maxLine
		for (end > maxLine-utf8.UTFMax) && !utf8.RuneStart(data[end-1]) {
			end--
		}
		if data[end-1] >= utf8.RuneSelf {
			end-- // the first byte of a character
		}
		return end, data[:end], nil
	case (end < 0) && atEOF && (len(data) > 0):
		return len(data), data, nil
	case end < 0:
		return 0, nil, nil
	case data[end] == '\n':
		return end + 1, data[:end], nil
	case (end+1 == len(data)) && !atEOF:
		return 0, nil, nil // the next byte may be LF
	case (end+1 < len(data)) && (data[end+1] == '\n'):
		return end + 2, data[:end], nil
	}
	return end + 1, data[:end], nil
}

// text returns a line as text. Each line that is not UTF-8 is taken for Windows-1252, so a
// stream need not be read to its end to know.
func text(line []byte) string {
	if utf8.Valid(line) {
		return string(line)
	}
	b := make([]byte, 0, 2*len(line))
	for _, c := range line {
		r := rune(c)
		if (c >= 0x80) && (c < 0xa0) {
			r = windows1252[c-0x80]
		}
		b = utf8.AppendRune(b, r)
	}
	return string(b)
}

// windows1252 are the characters of the bytes from 0x80 to 0x9f. The others are those of
// Latin-1, and so are the five of these that mean nothing.
// https://encoding.spec.whatwg.org/index-windows-1252.txt
var windows1252 = [32]rune{
	'€', 0x81, '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', 0x8d, 'Ž', 0x8f,
	0x90, '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', 0x9d, 'ž', 'Ÿ',
}
