package playlist

import (
	"io"
	"net/url"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func write(t testing.TB, title string, items ...Item) string {
	var b strings.Builder
	require.NoError(t, Write(&b, title, slices.Values(items)))
	return b.String()
}

func TestWrite(t *testing.T) {
	assert.Equal(t, "#EXTM3U\n", write(t, ""))
	assert.Equal(t, `#EXTM3U
#PLAYLIST:A season
#EXTINF:-1,Episode 1, the "first"
http://127.0.0.1:8080/token/0/Episode%201
#EXTINF:-1,映画
http://[::1]:80/a%2fb?x=1&y=2#t=3
`, write(t, "A season",
		Item{`Episode 1, the "first"`, "http://127.0.0.1:8080/token/0/Episode%201"},
		Item{"left out", ""},
		Item{"映画", "http://[::1]:80/a%2fb?x=1&y=2#t=3"}))
}

func TestHostileItems(t *testing.T) {
	got := write(t, "a\nhttp://evil/1\r#EXTM3U",
		Item{"a\r\nhttp://evil/2\u2028http://evil/3\u0085\x00\x1b[31m\v\f", "http://h/a\nhttp://evil/4"},
		Item{"\xff\u202egpj.exe\u2069", "#EXT http://h/é\"<>\\^`{|}\x7f\xff"},
		Item{strings.Repeat("é", 1000), "/x"},
		Item{"\n \t", "/y"})
	assert.Equal(t, `#EXTM3U
#PLAYLIST:a http://evil/1 #EXTM3U
#EXTINF:-1,a http://evil/2 http://evil/3 [31m
http://h/a%0Ahttp://evil/4
#EXTINF:-1,`+"\ufffd"+` gpj.exe
%23EXT%20http://h/%C3%A9%22%3C%3E%5C%5E%60%7B%7C%7D%7F%FF
#EXTINF:-1,`+strings.Repeat("é", 200)+`…
/x
#EXTINF:-1,
/y
`, got)
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

func TestWriterThatFails(t *testing.T) {
	items := slices.Values([]Item{{"a", "/a"}, {"b", "/b"}})
	for n := range 3 {
		assert.ErrorIs(t, Write(&limitedWriter{n}, "", items), io.ErrClosedPipe)
	}
	assert.NoError(t, Write(&limitedWriter{3}, "", items))
}

func FuzzWrite(f *testing.F) {
	f.Add("list", "title", "http://h/a")
	f.Add("\r", "a\nb", "#\n")
	f.Fuzz(func(t *testing.T, list, title, address string) {
		got := write(t, list, Item{title, address}, Item{title, "/end"})
		assert.True(t, utf8.ValidString(got))
		assert.NotContains(t, got, "\r")
		lines := strings.Split(strings.TrimSuffix(got, "\n"), "\n")
		assert.Equal(t, "#EXTM3U", lines[0])
		lines = lines[1:]
		if strings.HasPrefix(lines[0], "#PLAYLIST:") {
			lines = lines[1:]
		}
		want := []string{"/end"}
		if address != "" {
			want = []string{string(appendURL(nil, address)), "/end"}
		}
		require.Len(t, lines, 2*len(want))
		for i := range want {
			assert.True(t, strings.HasPrefix(lines[2*i], "#EXTINF:-1,"))
			assert.Equal(t, want[i], lines[2*i+1])
			assert.NotEqual(t, byte('#'), lines[2*i+1][0])
		}
		address = "http://host/" + address
		_, before := url.Parse(address)
		_, after := url.Parse(string(appendURL(nil, address)))
		assert.True(t, (before != nil) || (after == nil), "%v", after)
	})
}
