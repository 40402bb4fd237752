package announceurl_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/shoal-bt/shoal/swarm/announceurl"
)

func TestEncodeParams(t *testing.T) {
	for _, test := range []struct {
		name           string
		values         url.Values
		limit          int
		query, leftOut string
	}{
		{"none", nil, 100, "", ""},
		{"sorted", url.Values{"b": {"2"}, "a": {"1"}}, 100, "a=1&b=2", ""},
		{"several values", url.Values{"a": {"2", "1", ""}}, 100, "a=2&a=1&a=", ""},
		{"escaped", url.Values{"a b&": {"c=d+é\r\n#"}}, 100, "a%20b%26=c%3Dd%2B%C3%A9%0D%0A%23", ""},
		{"reserved", url.Values{"Port": {"1"}, "x": {"1"}}, 100, "x=1", `"Port", which announces have already`},
		{"no name", url.Values{"": {"1"}, "x": {"1"}}, 100, "x=1", "one without a name"},
		{"just fits", url.Values{"a": {strings.Repeat("x", 18)}}, 20, "a=" + strings.Repeat("x", 18), ""},
		{"too long", url.Values{"a": {strings.Repeat("x", 19)}, "b": {"1"}}, 20, "b=1", `"a", which does not fit into the 20 bytes that are left`},
		{"too long when it is escaped", url.Values{"a": {strings.Repeat(" ", 7)}, "b": {"1"}}, 20, "b=1", `"a", which does not fit into the 20`},
		{"too long together", url.Values{"a": {"123456789"}, "b": {"123456789"}, "c": {"123"}}, 20, "a=123456789&c=123", `"b", which does not fit into the 9 bytes`},
		{"many wrong", url.Values{"": {""}, "ip": {""}, "key": {""}, "left": {""}, "port": {""}}, 100, "", `"key", which announces have already; 2 more`},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := announceurl.EncodeParams(test.values, test.limit)
			if p.Query != test.query {
				t.Errorf("the query is %q, want %q", p.Query, test.query)
			}
			if (test.leftOut == "") != (p.LeftOut == "") || !strings.Contains(p.LeftOut, test.leftOut) {
				t.Errorf("left out: %q, want %q", p.LeftOut, test.leftOut)
			}
		})
	}
}

// Values of parameters are hidden as those of a URL are.
func TestEncodeParamsSecrets(t *testing.T) {
	p := announceurl.EncodeParams(url.Values{"token": {"s ecret1"}, "mode": {"fast"}}, 100)
	for _, text := range []string{"s ecret1", "s%20ecret1", "s+ecret1", "S ECRET1"} {
		if got := announceurl.Hide("no "+text+" here, fast", p.Secrets); strings.Contains(got, text) || !strings.Contains(got, "fast") {
			t.Errorf("%q is shown as %q", text, got)
		}
	}
}

func TestAppendEscaped(t *testing.T) {
	var all []byte
	for i := range 256 {
		all = append(all, byte(i))
	}
	escaped := string(announceurl.AppendEscaped(nil, string(all)))
	for _, unescape := range []func(string) (string, error){url.PathUnescape, url.QueryUnescape} {
		back, err := unescape(escaped)
		if err != nil || back != string(all) {
			t.Errorf("%q is read as %q: %v", escaped, back, err)
		}
	}
	if strings.ContainsAny(escaped, " +&=#?/") {
		t.Errorf("%q has characters with a meaning", escaped)
	}
}

// What comes out can be read back, is bounded, and has no reserved name.
func FuzzEncodeParams(f *testing.F) {
	f.Add("token", "a b", "port", "1", 100)
	f.Add("", "", "x", "\xff", 4)
	f.Fuzz(func(t *testing.T, name1, value1, name2, value2 string, limit int) {
		values := url.Values{name1: {value1}}
		values.Add(name2, value2)
		p := announceurl.EncodeParams(values, limit)
		if len(p.Query) > max(limit, 0) {
			t.Fatalf("%d bytes, want at most %d", len(p.Query), limit)
		}
		back, err := url.ParseQuery(p.Query)
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for name, all := range back {
			n += len(all)
			if name == "" || strings.EqualFold(name, "port") || strings.EqualFold(name, "info_hash") {
				t.Errorf("%q is in %q", name, p.Query)
			}
		}
		if n < 2 && p.LeftOut == "" {
			t.Errorf("%q has %d parameters of 2 and does not say why", p.Query, n)
		}
	})
}
