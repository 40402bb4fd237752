package announceurl_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/shoal-bt/shoal/swarm/announceurl"
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
		"udp://tracker.test:80/0123456789abcdef?auth=0x00":                "udp://tracker.test:80/***?***",
	} {
		if got := announceurl.Redact(from); got != want {
			t.Errorf("%s is shown as %s, want %s", from, got, want)
		}
	}
}

func TestHide(t *testing.T) {
	u, err := url.Parse("https://us%65r:pass%2Fword@tracker.test/0123456789ABCDEF/announce?key=s%20ecret1&x=y")
	if err != nil {
		t.Fatal(err)
	}
	_, secrets := announceurl.Split(u)
	for _, text := range []string{
		"unknown 0123456789abcdef given", "0123456789ABCDEF", "pass/word", "pass%2Fword", "pass%2fword", "s%20ecret1", "s ecret1", "s+ecret1",
		"user", "user:pass%2Fword", strings.Repeat("0123456789abcdef", 3),
	} {
		hidden := announceurl.Hide("a "+text+" b", secrets)
		if strings.Contains(strings.ToLower(hidden), strings.ToLower(text)) {
			t.Errorf("%q shows %q", hidden, text)
		}
	}
	const plain = "the announce of tracker.test"
	if got := announceurl.Hide(plain, secrets); got != plain {
		t.Errorf("%q became %q", plain, got)
	}
}

func TestClean(t *testing.T) {
	for text, want := range map[string]string{
		"one\ntwo":                 "one two",
		"x\x1b[31m":                "x [31m",
		"passkey abcd1234 unknown": "passkey *** unknown",
	} {
		if got := announceurl.Clean(text, []string{"abcd1234"}); got != want {
			t.Errorf("%q became %q, want %q", text, got, want)
		}
	}
	long := announceurl.Clean(strings.Repeat("é", 1<<20), nil)
	if len(long) > 303 || !strings.HasSuffix(long, "é...") {
		t.Errorf("%d bytes, the end is %q", len(long), long[len(long)-8:])
	}
}
