package subtitle

import (
	"encoding/binary"
	"errors"
	"io"
	"regexp"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func convert(t testing.TB, in string) string {
	var b strings.Builder
	require.NoError(t, Convert(&b, strings.NewReader(in)))
	checkWebVTT(t, b.String())
	return b.String()
}

// cuesOf returns what convert writes behind the header.
func cuesOf(t testing.TB, in string) string {
	return strings.TrimPrefix(convert(t, in), "WEBVTT\n\n")
}

var timing = regexp.MustCompile(`^(\d{2,}:[0-5]\d:[0-5]\d\.\d{3}) --> (\d{2,}:[0-5]\d:[0-5]\d\.\d{3})( line:(0|50%))?$`)

// checkWebVTT checks what holds for everything that Convert writes.
func checkWebVTT(t testing.TB, out string) {
	assert.True(t, utf8.ValidString(out))
	assert.NotContains(t, out, "\r")
	assert.NotContains(t, out, "\x00")
	body, ok := strings.CutPrefix(out, "WEBVTT\n\n")
	require.True(t, ok)
	for block := range strings.SplitSeq(strings.TrimSuffix(body, "\n\n"), "\n\n") {
		if block == "" {
			assert.Empty(t, body)
			continue
		}
		first, text, _ := strings.Cut(block, "\n")
		m := timing.FindStringSubmatch(first)
		require.NotNil(t, m, "%q is not a timing", first)
		assert.True(t, (len(m[1]) < len(m[2])) || (m[1] < m[2]), "%q", first)
		assert.NotEmpty(t, text)
		for line := range strings.SplitSeq(text, "\n") {
			assert.NotEmpty(t, strings.TrimSpace(line))
		}
		depth := 0
		text = regexp.MustCompile(`</?[ibu]>`).ReplaceAllStringFunc(text, func(tag string) string {
			if tag[1] == '/' {
				depth--
			} else {
				depth++
			}
			assert.True(t, (depth >= 0) && (depth <= 3), "%q", block)
			return ""
		})
		assert.Zero(t, depth, "%q", block)
		assert.NotRegexp(t, `[<>]`, text)
		assert.NotRegexp(t, `&[^aglnr]`, text)
	}
}

func TestConvert(t *testing.T) {
	assert.Equal(t, `WEBVTT

00:00:01.000 --> 00:00:04.250
<i>Hello</i>, AT&amp;T
second line

00:01:02.005 --> 00:01:03.000
1 &lt; 2 &gt; 0

`, convert(t, "1\r\n00:00:01,000 --> 00:00:04,250 X1:1 X2:2 Y1:3 Y2:4\r\n<i>Hello</i>, AT&T\r\nsecond line\r\n\r\n"+
		"2\r\n0:1:2,5 --> 00:01:03\r\n1 < 2 > 0"))
	assert.Equal(t, "WEBVTT\n\n", convert(t, ""))
}

// A cue that a test of its text wants.
const (
	before = "00:00:01.000 --> 00:00:02.000\n"
	given  = "1\n00:00:01,000 --> 00:00:02,000\n"
)

func TestText(t *testing.T) {
	for in, want := range map[string]string{
		"<I>a</I> <b>b</b> <u >c</u>":        "<i>a</i> <b>b</b> <u>c</u>",
		`<font color="#ff0000">red</font>`:   "red",
		"a<br>b<br/>c<BR />d":                "a\nb\nc\nd",
		"<i>open":                            "<i>open</i>",
		"<i><i>a</i>":                        "<i>a</i>",
		"<i><b>a</i></b>":                    "<i><b>a</b></i>",
		"</i>a</b>":                          "a",
		"<i>two\nlines</i>":                  "<i>two\nlines</i>",
		"<laughs>":                           "&lt;laughs&gt;",
		"<c.red onclick=x>a":                 "&lt;c.red onclick=x&gt;a",
		"<script>alert(1)</script>":          "&lt;script&gt;alert(1)&lt;/script&gt;",
		"<00:00:01.000>a":                    "&lt;00:00:01.000&gt;a",
		"a --> b":                            "a --&gt; b",
		"NOTE x":                             "NOTE x",
		"&amp; &lt; &nbsp; &copy; &":         "&amp; &lt; &nbsp; &amp;copy; &amp;",
		"a\x00\x1b[0m\x7fb\tc":               "a[0mb\tc",
		"\ufeffa":                            "a",
		"{\\i1}a{\\i0} {b} {":                "a {b} {",
		"<" + strings.Repeat("b", 300) + ">": "&lt;" + strings.Repeat("b", 300) + "&gt;",
		"<i></i>\n<i> </i>":                  "<i></i>\n<i> </i>",
		"\u202bשלום\u202c":                   "\u202bשלום\u202c",
		"a\n\nb":                             "a\nb",
		"a\n\n\n5\n\n\nb":                    "a\n5\nb",
		"a\u2028b":                           "a\u2028b",
		"12":                                 "12",
		strings.Repeat(strings.Repeat("x", 99)+"\n", 200): strings.TrimSuffix(strings.Repeat(strings.Repeat("x", 99)+"\n", 82), "\n"),
	} {
		assert.Equal(t, before+want+"\n\n", cuesOf(t, given+in), "%q", in)
	}
	for in, place := range map[string]string{`{\an8}`: " line:0", `{\fad(1,2)\an5}`: " line:50%", `{\an2}`: "", `{\an}`: "", `{\pos(1,2)}`: ""} {
		assert.Equal(t, "00:00:01.000 --> 00:00:02.000"+place+"\na\n\n", cuesOf(t, given+in+"a"), "%q", in)
	}
	for _, nothing := range []string{"", " ", "\n\n", "{\\an8}", "<font>", "\x00", "<br><br>"} {
		assert.Empty(t, cuesOf(t, given+nothing), "%q", nothing)
	}
}

func TestTimings(t *testing.T) {
	for in, want := range map[string]string{
		"00:00:01,000 --> 00:00:02,000":             "00:00:01.000 --> 00:00:02.000",
		"00:00:01.000-->00:00:02.000":               "00:00:01.000 --> 00:00:02.000",
		" 0:0:1,0   -->   0:0:1,1 ":                 "00:00:01.000 --> 00:00:01.001",
		"00:01.5 --> 00:02":                         "00:00:01.005 --> 00:00:02.000",
		"123:00:00,000 --> 123:00:00,999999":        "123:00:00.000 --> 123:00:00.999",
		"00:00:61,000 --> 00:00:62,000":             "00:01:01.000 --> 00:01:02.000",
		"\ufeff00:00:01,000 --> 00:00:02,000":       "00:00:01.000 --> 00:00:02.000",
		"00:00:02,000 --> 00:00:01,000":             "", // backwards
		"00:00:02,000 --> 00:00:02,000":             "", // empty
		"-00:00:02,000 --> 00:00:03,000":            "",
		"99999:00:00,000 --> 99999:00:01,000":       "",
		"00:00:00:01,000 --> 00:00:00:02,000":       "",
		"00:00:01,000 --> ":                         "",
		" --> ":                                     "",
		"00:00:01,000 -- 00:00:02,000":              "",
		"00:00:0a,000 --> 00:00:02,000":             "",
		"00:00:01,00a --> 00:00:02,000":             "",
		"1,0 --> 2,0":                               "",
		strings.Repeat(":", 5_000) + "-->00:00:01,": "",
	} {
		got := cuesOf(t, in+"\ntext\n")
		if want != "" {
			want += "\ntext\n\n"
		}
		assert.Equal(t, want, got, "%q", in)
	}
}

// Where lines are missing or too many, the cues are the same.
func TestBrokenLines(t *testing.T) {
	const good = "1\n00:00:01,000 --> 00:00:02,000\na\n\n2\n00:00:03,000 --> 00:00:04,000\nb\n"
	want := cuesOf(t, good)
	require.Equal(t, 2, strings.Count(want, "-->"))
	for name, in := range map[string]string{
		"CRLF":                  strings.ReplaceAll(good, "\n", "\r\n"),
		"CR":                    strings.ReplaceAll(good, "\n", "\r"),
		"CR CR LF":              strings.ReplaceAll(good, "\n", "\r\r\n"),
		"two of each":           strings.ReplaceAll(good, "\n", "\n\n"),
		"no empty lines":        strings.ReplaceAll(good, "\n\n", "\n"),
		"no numbers":            strings.ReplaceAll(strings.ReplaceAll(good, "1\n", ""), "2\n", ""),
		"no end of line":        strings.TrimSpace(good),
		"text before":           "Made by somebody\n\n" + good,
		"white space":           strings.ReplaceAll(good, "\n", " \t\n  "),
		"WebVTT":                "WEBVTT\n\n" + strings.ReplaceAll(good, ",", "."),
		"a mark before the two": strings.ReplaceAll(good, "\n2\n", "\n\ufeff2\n"),
	} {
		assert.Equal(t, want, cuesOf(t, in), name)
	}
	assert.Equal(t, strings.Replace(want, "\na\n", "\na\n5\n", 1), cuesOf(t, strings.Replace(good, "\na\n", "\na\n\n5\n", 1)))
	// A number that is spoken, before a cue without one.
	assert.Equal(t, strings.Replace(want, "\na\n", "\na\n5\n", 1), cuesOf(t, strings.Replace(good, "\na\n\n2\n", "\na\n5\n\n", 1)))
}

// units returns s in UTF-16.
func units(s string, order binary.AppendByteOrder) string {
	var b []byte
	for _, u := range utf16.Encode([]rune(s)) {
		b = order.AppendUint16(b, u)
	}
	return string(b)
}

func TestEncodings(t *testing.T) {
	const text = "1\n00:00:01,000 --> 00:00:02,000\nŽluťoučký kůň 😀\n"
	want := cuesOf(t, text)
	require.Contains(t, want, "Žluťoučký kůň 😀")
	for name, in := range map[string]string{
		"UTF-8 with a mark":             "\ufeff" + text,
		"UTF-16, little":                units("\ufeff"+text, binary.LittleEndian),
		"UTF-16, big":                   units("\ufeff"+text, binary.BigEndian),
		"UTF-16 without a mark, little": units(text, binary.LittleEndian),
		"UTF-16 without a mark, big":    units(text, binary.BigEndian),
	} {
		assert.Equal(t, want, cuesOf(t, in), name)
		var b strings.Builder
		require.NoError(t, Convert(&b, iotest.OneByteReader(strings.NewReader(in))))
		assert.Equal(t, "WEBVTT\n\n"+want, b.String(), name)
	}
	for in, want := range map[string]string{
		"Stra\xdfe \x80 \x93x\x94 \x85": "Straße € “x” …",
		"\x81a":                         "a",
		"é and \xe9":                    "Ã© and é",
	} {
		assert.Equal(t, before+want+"\n\n", cuesOf(t, given+in), "%q", in)
	}
	little := binary.LittleEndian
	for in, want := range map[string]string{
		units("\ufeff"+given+"a", little) + "\x00\xd8" + units("b", little):              "a\ufffdb",
		units("\ufeff"+given+"a", little) + "\x00\xdc" + units("b", little):              "a\ufffdb",
		units("\ufeff"+given+"a", little) + "\x00\xd8\x00\xd8\x00\xdc":                   "a\ufffd𐀀",
		units("\ufeff"+given+"a", little) + "\x00\xd8":                                   "a\ufffd",
		units("\ufeff"+given+"a", little) + "b":                                          "a\ufffd",
		units("\ufeff"+given+strings.Repeat("水", 2_000), little):                         strings.Repeat("水", 2_000),
		given + strings.Repeat("x", maxLine+5) + "\n2\n00:00:01,000 --> 00:00:02,000\na": "a",
	} {
		assert.Equal(t, before+want+"\n\n", cuesOf(t, in))
	}
}

// No line is longer than maxLine, and no character is cut.
func TestLongLines(t *testing.T) {
	for _, unit := range []string{"x", "é", "水", "😀", "a😀"} {
		for shift := range 4 {
			in := strings.Repeat("y", shift) + strings.Repeat(unit, 2*maxLine/len(unit)) + "\r\nz"
			lines := newLines(strings.NewReader(in))
			var got []string
			for lines.Scan() {
				assert.LessOrEqual(t, len(lines.Bytes()), maxLine)
				assert.True(t, utf8.Valid(lines.Bytes()))
				got = append(got, lines.Text())
			}
			require.NoError(t, lines.Err())
			assert.Equal(t, "z", got[len(got)-1])
			assert.Equal(t, strings.TrimSuffix(in, "\r\nz"), strings.Join(got[:len(got)-1], ""))
		}
	}
	lines := newLines(strings.NewReader(strings.Repeat("\x80", 3*maxLine)))
	n := 0
	for lines.Scan() {
		n += len(lines.Bytes())
	}
	require.NoError(t, lines.Err())
	assert.Equal(t, 3*maxLine, n)
}

func TestErrors(t *testing.T) {
	broken := errors.New("broken")
	var b strings.Builder
	err := Convert(&b, io.MultiReader(strings.NewReader(given+"a\n\n"), iotest.ErrReader(broken)))
	assert.ErrorIs(t, err, broken)
	assert.Contains(t, b.String(), before)

	b.Reset()
	long := given + "a\n\n" + strings.Repeat("\n", MaxSize)
	assert.ErrorIs(t, Convert(&b, strings.NewReader(long)), errTooLong)
	assert.NoError(t, Convert(&b, strings.NewReader(long[:MaxSize])))

	in := strings.Repeat(given+"text\n\n", 3)
	for n := range 4 {
		w := &limitedWriter{n}
		assert.ErrorIs(t, Convert(w, strings.NewReader(in)), io.ErrClosedPipe)
	}
	assert.NoError(t, Convert(&limitedWriter{4}, strings.NewReader(in)))
}

// A limitedWriter fails after a number of writes.
type limitedWriter struct{ left int }

func (w *limitedWriter) Write(p []byte) (int, error) {
	if w.left == 0 {
		return 0, io.ErrClosedPipe
	}
	w.left--
	return len(p), nil
}

func FuzzConvert(f *testing.F) {
	for _, seed := range []string{
		given + "<i>a & {\\an8}</b>\n\n5\n\n2\n00:00:03,000 --> 00:00:04,000\r\nb",
		units("\ufeff"+given+"😀", binary.LittleEndian),
		given + "\x93<font>\xe9</font><br>-->",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		out := convert(t, string(in))
		assert.LessOrEqual(t, len(out), 8+6*len(in))
	})
}
