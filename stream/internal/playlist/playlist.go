package playlist

import (
	"io"
	"iter"
	"strings"
	"unicode"
)

// The content types of both kinds. The text is in UTF-8, which players try first.
const (
	ContentTypeM3U8 = "application/vnd.apple.mpegurl; charset=utf-8"
	ContentTypeM3U  = "audio/x-mpegurl; charset=utf-8"
)

// maxTitle is how long a title is at most, in characters.
const maxTitle = 200

// An Item is an entry of a playlist.
type Item struct {
	Title string // as a torrent has it; Write makes it safe
	URL   string // absolute; an Item without one is left out
}

// Write writes a playlist that has a title of its own, each item with one call of w.Write. It
// returns the first error of w.
func Write(w io.Writer, title string, items iter.Seq[Item]) error {
	b := []byte("#EXTM3U\n")
	if title = safeTitle(title); title != "" {
		b = append(b, "#PLAYLIST:"+title+"\n"...)
	}
	_, err := w.Write(b)
	if err != nil {
		return err
	}
	for item := range items {
		if item.URL == "" {
			continue
		}
		b = append(b[:0], "#EXTINF:-1,"...) // the length in seconds is not known
		b = append(b, safeTitle(item.Title)...)
		b = append(b, '\n')
		b = appendURL(b, item.URL)
		b = append(b, '\n')
		_, err = w.Write(b)
		if err != nil {
			return err
		}
	}
	return nil
}

// safeTitle returns a title of one line, without characters that a terminal obeys or that turn
// the direction of text.
func safeTitle(s string) string {
	var b strings.Builder
	n := 0
	for _, r := range s { // makes U+FFFD of bytes that are not UTF-8
		if n == maxTitle {
			b.WriteString("…")
			break
		}
		n++
		isBreak := (r >= 0x2028) && (r <= 0x202e)
		isIsolate := (r >= 0x2066) && (r <= 0x2069)
		if unicode.IsControl(r) || isBreak || isIsolate {
			r = ' '
		}
		b.WriteRune(r)
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

// appendURL appends a URL and encodes every byte that a URL cannot have, so it is one line. It is
// no comment, which would begin with a number sign.
func appendURL(b []byte, url string) []byte {
	const digits = "0123456789ABCDEF"
	for i := range len(url) {
		c := url[i]
		isComment := (c == '#') && (i == 0)
		if (c > ' ') && (c < 0x7f) && !isComment && !strings.ContainsRune("\"<>\\^`{|}", rune(c)) {
			b = append(b, c)
			continue
		}
		b = append(b, '%', digits[c>>4], digits[c&15])
	}
	return b
}
