package main

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestStyleOf(t *testing.T) {
	for _, test := range []struct {
		env  map[string]string
		want style
	}{
		{map[string]string{}, style{color: true}},
		{map[string]string{"NO_COLOR": "1", "LANG": "en_US.UTF-8"}, style{unicode: true}},
		{map[string]string{"LANG": "en_US.UTF-8", "LC_ALL": "C"}, style{color: true}},
		{map[string]string{"LC_CTYPE": "C.utf8"}, style{color: true, unicode: true}},
		{map[string]string{"WT_SESSION": "x"}, style{color: true, unicode: true}},
	} {
		require.Equal(t, test.want, styleOf(func(name string) string { return test.env[name] }))
	}
}

func TestPlain(t *testing.T) {
	require.Equal(t, "a?[31mb?c?d", sanitize("a\x1b[31mb\nc\u202ed"))
	require.Equal(t, "?", sanitize("\xff"))
	require.Equal(t, "Motörhead 日本", sanitize("Motörhead 日本"))
}

func TestWidths(t *testing.T) {
	s := style{color: true}
	require.Equal(t, 3, width(s.paint(green, "abc")))
	require.Equal(t, 6, width("日本語"))
	require.Equal(t, 1, width("e\u0301"))
	require.Equal(t, "日", cut("日本語", 3))
	require.Equal(t, "ab", cut("abc", 2))
	require.Equal(t, "\x1b[32mab\x1b[0m", cut(s.paint(green, "abc"), 2))
	require.Equal(t, "abc", cut("abc", 3))
	require.Equal(t, "abc", shorten("abc", 3))
	require.Equal(t, "ab", shorten("abcdef", 2))
	require.Equal(t, "abcd...xyz", shorten("abcdefghijklmnopqrstuvwxyz", 10))
	for n := range 30 {
		require.LessOrEqual(t, width(shorten("日本語日本語日本語abc.torrent", n)), n)
	}
	require.Equal(t, "a  ", padRight("a", 3))
}
