package announceurl

import (
	"net/netip"
	"net/url"
	"slices"
	"strings"
)

// Redact returns a tracker's URL for display and logs: without user, password and
// query, and with *** for components of the path and the host that may be a passkey.
// A string that is not a URL is replaced completely. It may be called concurrently.
func Redact(rawURL string) string {
	u, err := url.Parse(strings.TrimSpace(rawURL))
	if err != nil || u.Host == "" {
		return "(no valid URL)"
	}
	shown, _ := Split(u)
	if shown == rawURL {
		return rawURL // many keep what is shown; so they share it
	}
	return shown
}

// Split returns u for display, as Redact does, and its components that must not be
// shown, for Hide and Clean. It keeps no part of u, and the slice is the caller's.
func Split(u *url.URL) (shown string, secrets []string) {
	hide := func(component string) string {
		secrets = append(secrets, component)
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

// isPlainWord reports whether a component of a URL is a word or a version and not a
// key. Keys are long or contain digits or capital letters.
func isPlainWord(component string) bool {
	if len(component) <= 3 {
		return true
	}
	if len(component) > 20 {
		return false
	}
	for i, c := range []byte(component) {
		switch {
		case c >= 'a' && c <= 'z', c == '.', c == '-', c == '_':
		case i == 0 && c >= 'A' && c <= 'Z':
		default:
			return false
		}
	}
	return true
}

// secretForms returns the secrets as they are, unescaped, and escaped again, with the
// longest first. It leaves out those of less than 4 bytes, because other text could
// contain them by chance.
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

// Hide replaces each of secrets in text by ***, in upper and lower case. It may be called
// concurrently.
func Hide(text string, secrets []string) string {
	for _, secret := range secrets {
		for i := 0; i+len(secret) <= len(text); i++ {
			if strings.EqualFold(text[i:i+len(secret)], secret) {
				text = text[:i] + "***" + text[i+len(secret):]
			}
		}
	}
	return text
}

// Clean returns a tracker's text as one line for a terminal or a log: without control
// characters, without secrets, and with about 300 bytes at most. It may be called
// concurrently.
func Clean(text string, secrets []string) string {
	const limit = 300
	if len(text) > 4*limit {
		text = text[:4*limit]
	}
	text = strings.Map(func(r rune) rune {
		isControl := r < ' ' || (r >= 0x7f && r < 0xa0)
		if isControl || r == 0x2028 || r == 0x2029 {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, "?"))
	text = strings.TrimSpace(Hide(text, secrets))
	if len(text) > limit {
		text = strings.ToValidUTF8(text[:limit], "") + "..."
	}
	return text
}
