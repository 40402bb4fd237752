package terminal

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestStyleOf(t *testing.T) {
	for _, test := range []struct {
		env  map[string]string
		want Style
	}{
		{map[string]string{}, Style{Color: true}},
		{map[string]string{"NO_COLOR": "1", "LANG": "en_US.UTF-8"}, Style{Unicode: true}},
		{map[string]string{"LANG": "en_US.UTF-8", "LC_ALL": "C"}, Style{Color: true}},
		{map[string]string{"LC_CTYPE": "C.utf8"}, Style{Color: true, Unicode: true}},
		{map[string]string{"WT_SESSION": "x"}, Style{Color: true, Unicode: true}},
	} {
		require.Equal(t, test.want, StyleOf(func(name string) string { return test.env[name] }))
	}
}

func TestPlain(t *testing.T) {
	require.Equal(t, `a\x1b[31mb\nc\u202ed`, Sanitize("a\x1b[31mb\nc\u202ed"))
	require.Equal(t, `\xff\xfe\u0085\x7f\u200f'"`+`\é�`, Sanitize("\xff\xfe\u0085\x7f\u200f'\"\\é\ufffd"))
	require.Equal(t, "Motörhead 日本", Sanitize("Motörhead 日本"))
}

func TestWidths(t *testing.T) {
	s := Style{Color: true}
	require.Equal(t, 3, Width(s.Paint(Green, "abc")))
	require.Equal(t, 6, Width("日本語"))
	require.Equal(t, 1, Width("e\u0301"))
	require.Equal(t, "日", Cut("日本語", 3))
	require.Equal(t, "ab", Cut("abc", 2))
	require.Equal(t, "\x1b[32mab\x1b[0m", Cut(s.Paint(Green, "abc"), 2))
	require.Equal(t, "abc", Cut("abc", 3))
	require.Equal(t, "abc", Shorten("abc", 3))
	require.Equal(t, "ab", Shorten("abcdef", 2))
	require.Equal(t, "abcd...xyz", Shorten("abcdefghijklmnopqrstuvwxyz", 10))
	for n := range 30 {
		require.LessOrEqual(t, Width(Shorten("日本語日本語日本語abc.torrent", n)), n)
	}
	require.Equal(t, "a  ", PadRight("a", 3))
}

func TestWrap(t *testing.T) {
	require.Equal(t, []string{"one two", "three", "averylongword", "x"}, Wrap("one  two three averylongword x", 8))
	require.Equal(t, []string{""}, Wrap("", 8))
}
