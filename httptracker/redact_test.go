package httptracker

import (
	"errors"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestRedact(t *testing.T) {
	for from, want := range map[string]string{
		"http://tracker.test:6969/announce":                               "http://tracker.test:6969/announce",
		"https://tracker.test/0123456789abcdef0123456789abcdef/announce":  "https://tracker.test/***/announce",
		"https://tracker.test/announce.php?passkey=abcdefgh&x=1":          "https://tracker.test/announce.php?***",
		"https://tracker.test/a1b2c3d4/announce":                          "https://tracker.test/***/announce",
		"https://tracker.test/AbCdEfGhIjKl/announce":                      "https://tracker.test/***/announce",
		"https://tracker.test/v2/announce":                                "https://tracker.test/v2/announce",
		"https://user:password@tracker.test/announce":                     "https://tracker.test/announce",
		"https://0123456789abcdef.tracker.test/announce":                  "https://***.tracker.test/announce",
		"udp://tracker.test:80":                                           "udp://tracker.test:80",
		"http://[2001:db8::1]:80/announce":                                "http://[2001:db8::1]:80/announce",
		"http://192.0.2.1/announce#frag":                                  "http://192.0.2.1/announce",
		"abcdefghabcdefgh":                                                "(no valid URL)",
		"http://tracker.test/%zz/announce":                                "(no valid URL)",
		"https://tracker.test/announce/abcdefghijklmnopqrstuvwxyzabcdefg": "https://tracker.test/announce/***",
	} {
		require.Equal(t, want, Redact(from), from)
	}
}

func TestScrub(t *testing.T) {
	u, err := url.Parse("https://us%65r:pass%2Fword@tracker.test/0123456789ABCDEF/announce?key=s%20ecret1&x=y")
	require.NoError(t, err)
	_, secrets := redact(u)
	for _, text := range []string{
		"unknown 0123456789abcdef given", "0123456789ABCDEF", "pass/word", "pass%2Fword", "pass%2fword", "s%20ecret1", "s ecret1", "s+ecret1",
		"user", "user:pass%2Fword", strings.Repeat("0123456789abcdef", 3),
	} {
		require.NotContains(t, strings.ToLower(hideSecrets("a "+text+" b", secrets)), strings.ToLower(text))
	}
	require.Equal(t, "the announce of tracker.test", hideSecrets("the announce of tracker.test", secrets))
}

func TestClean(t *testing.T) {
	require.Equal(t, "one two", cleanText("one\ntwo", nil))
	require.NotContains(t, cleanText("x\x1b[31m", nil), "\x1b")
	long := cleanText(strings.Repeat("é", 1<<20), nil)
	require.LessOrEqual(t, len(long), 303)
	require.True(t, strings.HasSuffix(long, "é..."))
	require.Equal(t, "passkey *** unknown", cleanText("passkey abcd1234 unknown", []string{"abcd1234"}))
}

func TestPlain(t *testing.T) {
	secrets := []string{"0123456789abcdef"}
	inner := errors.New("refused")
	err := hideURL(&url.Error{Op: "Get", URL: "http://t.test/0123456789abcdef", Err: inner}, secrets)
	require.Equal(t, inner, err)
	err = hideURL(&url.Error{Err: &url.Error{URL: "x", Err: errors.New("lookup 0123456789ABCDEF.test: no such host")}}, secrets)
	require.EqualError(t, err, "lookup ***.test: no such host")
	require.NoError(t, hideURL(nil, nil))
}
