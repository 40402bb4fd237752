package subtitle

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// MaxSize is how long a file may be that Convert reads, in bytes. Two hours of speech are about
// a hundredth of it.
const MaxSize = 8 << 20

// ContentType is that of WebVTT.
const ContentType = "text/vtt; charset=utf-8"

var errTooLong = errors.New("subtitle: the file is longer than 8 MiB, so it is probably not a subtitle; download it as it is")

// Convert reads SubRip from r and writes it to w as WebVTT. What is not a cue is left out, so any
// input makes valid WebVTT. It returns the first error of r or w, and an error if the input is
// longer than MaxSize; in both cases what came before is written.
func Convert(w io.Writer, r io.Reader) error {
	_, err := io.WriteString(w, "WEBVTT\n\n")
	if err != nil {
		return err
	}
	limited := &io.LimitedReader{R: r, N: MaxSize + 1}
	lines := newLines(limited)
	c := converter{w: w}
	for lines.Scan() && (c.err == nil) {
		c.line(strings.TrimSpace(text(lines.Bytes())))
	}
	c.addHeld()
	c.endCue()
	if c.err != nil {
		return c.err
	}
	if lines.Err() != nil {
		return lines.Err()
	}
	if limited.N <= 0 {
		return errTooLong
	}
	return nil
}

// A converter makes cues of lines. Whether a line is the number of the next cue is known only
// with the line behind it, so it holds one.
type converter struct {
	w         io.Writer
	err       error // of w
	cue       cue
	held      string // the line before, unless it is empty
	blank     bool   // an empty line followed it
	lastIndex int    // the number of the last cue
}

// line takes a line without white space at its ends.
func (c *converter) line(s string) {
	if s == "" {
		c.blank = true
		return
	}
	start, end, ok := parseTiming(s)
	if !ok {
		c.addHeld()
		c.held = s
		return
	}
	if !c.isIndex() {
		c.addHeld()
	}
	c.held, c.blank = "", false
	c.endCue()
	c.cue = cue{start: start, end: end}
}

// isIndex reports whether the line before that of a timing is the number of the cue. If an empty
// line is between them, it may be spoken, unless it is the number that comes next.
func (c *converter) isIndex() bool {
	n, err := strconv.ParseUint(strings.TrimPrefix(c.held, "\ufeff"), 10, 31)
	if err != nil {
		return false
	}
	if c.blank && (int(n) != c.lastIndex+1) {
		return false
	}
	c.lastIndex = int(n)
	return true
}

// addHeld adds the line before to the cue.
func (c *converter) addHeld() {
	if c.held != "" {
		c.cue.add(c.held)
	}
	c.held, c.blank = "", false
}

// endCue writes the cue, if there is something to show and a time to show it.
func (c *converter) endCue() {
	text := c.cue.text()
	if (text == "") || (c.cue.start >= c.cue.end) || (c.err != nil) {
		return
	}
	_, c.err = fmt.Fprintf(c.w, "%s --> %s%s\n%s\n\n", c.cue.start, c.cue.end, c.cue.place, text)
}

// A moment is a time of a video, in milliseconds.
type moment int64

// String returns the moment in the format of WebVTT.
func (m moment) String() string {
	return fmt.Sprintf("%02d:%02d:%02d.%03d", m/3_600_000, m/60_000%60, m/1000%60, m%1000)
}

// parseTiming reads a line such as "00:01:02,500 --> 00:01:04,000 X1:0". What is behind the
// second time is a place in pixels of a screen that nobody knows.
func parseTiming(s string) (start, end moment, ok bool) {
	from, to, ok := strings.Cut(s, "-->")
	if !ok {
		return 0, 0, false
	}
	to, _, _ = strings.Cut(strings.TrimSpace(to), " ")
	start, startOK := parseMoment(strings.TrimPrefix(strings.TrimSpace(from), "\ufeff"))
	end, endOK := parseMoment(to)
	return start, end, startOK && endOK
}

// parseMoment reads a time such as "00:01:02,500", "1:02.5" or "00:00:01". The digits behind the
// comma are a number of milliseconds, as players take them.
func parseMoment(s string) (moment, bool) {
	clock, fraction := s, "0"
	if i := strings.IndexAny(s, ",."); i >= 0 {
		clock, fraction = s[:i], s[i+1:]
	}
	parts := strings.SplitN(clock, ":", 4)
	if (len(parts) < 2) || (len(parts) > 3) {
		return 0, false
	}
	seconds := int64(0)
	for _, part := range parts {
		n, ok := parseDigits(part, 4)
		if !ok {
			return 0, false
		}
		seconds = seconds*60 + n
	}
	if len(fraction) > 3 {
		fraction = fraction[:3]
	}
	milliseconds, ok := parseDigits(fraction, 3)
	return moment(seconds*1000 + milliseconds), ok
}

// parseDigits reads a number of at most the given number of digits.
func parseDigits(s string, digits int) (int64, bool) {
	n := int64(0)
	for i := range len(s) {
		if (s[i] < '0') || (s[i] > '9') {
			return 0, false
		}
		n = n*10 + int64(s[i]-'0')
		if i == digits {
			return 0, false
		}
	}
	return n, s != ""
}
