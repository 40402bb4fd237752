package httptracker

import (
	"net/netip"
	"net/url"
	"slices"
	"strings"
)

// Redact returns a tracker's URL as it may be shown and logged: without user,
// password and query, and with *** for parts of the path and the host that may
// be a passkey. A string that is no URL is replaced as a whole.
func Redact(rawURL string) string {
	u, err := url.Parse(strings.TrimSpace(rawURL))
	if err != nil || u.Host == "" {
		return "(no valid URL)"
	}
	shown, _ := redact(u)
	return shown
}

// redact returns u as it may be shown, and the parts that must not be.
func redact(u *url.URL) (shown string, secrets []string) {
	hide := func(part string) string {
		secrets = append(secrets, part)
		return "***"
	}
	var b strings.Builder
	b.WriteString(u.Scheme + "://")
	host := u.Hostname()
	if _, err := netip.ParseAddr(host); err != nil {
		labels := strings.Split(host, ".")
		for i, label := range labels {
			if len(label) >= 16 && strings.ContainsAny(label, "0123456789") {
				labels[i] = hide(label)
			}
		}
		host = strings.Join(labels, ".")
	} else if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	b.WriteString(host)
	if port := u.Port(); port != "" {
		b.WriteString(":" + port)
	}
	segments := strings.Split(u.EscapedPath(), "/")
	for i, segment := range segments {
		if !isPlainWord(segment) {
			segments[i] = hide(segment)
		}
	}
	b.WriteString(strings.Join(segments, "/"))
	if u.RawQuery != "" {
		b.WriteString("?***")
		for pair := range strings.SplitSeq(u.RawQuery, "&") {
			_, value, _ := strings.Cut(pair, "=")
			if value != "" && !isPlainWord(value) {
				secrets = append(secrets, value)
			}
		}
	}
	if u.User != nil {
		password, _ := u.User.Password()
		secrets = append(secrets, u.User.String(), u.User.Username(), password)
	}
	return b.String(), secretForms(secrets)
}

// isPlainWord reports whether a part of a URL is a word or a version and no key:
// keys are long, or have digits or capitals in them.
func isPlainWord(part string) bool {
	if len(part) <= 3 {
		return true
	}
	if len(part) > 20 {
		return false
	}
	for i, c := range []byte(part) {
		switch {
		case c >= 'a' && c <= 'z', c == '.', c == '-', c == '_':
		case i == 0 && c >= 'A' && c <= 'Z':
		default:
			return false
		}
	}
	return true
}

// secretForms returns secrets as they are, unescaped and escaped anew, longest
// first, and without those that are too short to be told from other text.
func secretForms(secrets []string) []string {
	var all []string
	for _, s := range secrets {
		all = append(all, s)
		if plain, err := url.PathUnescape(s); err == nil {
			all = append(all, plain, url.QueryEscape(plain))
		}
	}
	all = slices.DeleteFunc(all, func(s string) bool { return len(s) < 4 })
	slices.SortFunc(all, func(a, b string) int {
		if len(a) != len(b) {
			return len(b) - len(a)
		}
		return strings.Compare(a, b)
	})
	return slices.Compact(all)
}

// hideSecrets replaces each of secrets in text, in any case.
func hideSecrets(text string, secrets []string) string {
	for _, secret := range secrets {
		for i := 0; i+len(secret) <= len(text); i++ {
			if strings.EqualFold(text[i:i+len(secret)], secret) {
				text = text[:i] + "***" + text[i+len(secret):]
			}
		}
	}
	return text
}

// cleanText returns foreign text fit for a line on a terminal or in a log: without
// control characters, secrets, or more than 300 bytes.
func cleanText(text string, secrets []string) string {
	const limit = 300
	if len(text) > 4*limit {
		text = text[:4*limit]
	}
	text = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0 || r == 0x2028 || r == 0x2029 {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, "?"))
	text = strings.TrimSpace(hideSecrets(text, secrets))
	if len(text) > limit {
		text = strings.ToValidUTF8(text[:limit], "") + "..."
	}
	return text
}
