package announceurl

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
)

// reserved are the parameters that announces have already, or that say who and where we
// are. See https://www.bittorrent.org/beps/bep_0003.html#trackers,
// https://www.bittorrent.org/beps/bep_0007.html for key, ipv4 and ipv6, and
// https://www.bittorrent.org/beps/bep_0023.html for compact.
var reserved = []string{
	"info_hash", "peer_id", "port", "uploaded", "downloaded", "left", "event", "ip", "numwant", "trackerid",
	"key", "ipv4", "ipv6", "compact", "no_peer_id",
}

// Params are parameters that a caller adds to the query of an announce.
type Params struct {
	Query   string   // percent-encoded and sorted by name, without & at its ends; empty for none
	Secrets []string // values that must not be shown, for Hide and Clean
	LeftOut string   // which parameters are not in Query, and why; empty for none
}

// EncodeParams encodes the parameters in values. It leaves out those that announces have
// already, such as port, in upper and lower case, and those with which Query would have more
// than limit bytes. It keeps no part of values and may be called concurrently.
func EncodeParams(values url.Values, limit int) (p Params) {
	var query []byte
	var secrets, leftOut []string
	for _, name := range slices.Sorted(maps.Keys(values)) {
		isReserved := slices.ContainsFunc(reserved, func(r string) bool { return strings.EqualFold(r, name) })
		switch {
		case name == "":
			leftOut = append(leftOut, "one without a name")
			continue
		case isReserved:
			leftOut = append(leftOut, fmt.Sprintf("%q, which announces have already", name))
			continue
		}
		for _, value := range values[name] {
			longer, ok := appendPair(query, name, value, limit)
			if !ok {
				leftOut = append(leftOut, fmt.Sprintf("%.20q, which does not fit into the %d bytes that are left", name, max(limit-len(query), 0)))
				continue
			}
			query = longer
			if !isPlainWord(value) {
				secrets = append(secrets, string(AppendEscaped(nil, value)))
			}
		}
	}
	const named = 3
	if n := len(leftOut) - named; n > 0 {
		leftOut = append(leftOut[:named], fmt.Sprintf("%d more", n))
	}
	if len(leftOut) > 0 {
		p.LeftOut = "parameters of Config.Params were left out: " + strings.Join(leftOut, "; ")
	}
	p.Query, p.Secrets = string(query), secretForms(secrets)
	return p
}

// appendPair appends a parameter to query. It reports false if the result would be longer
// than limit, in bytes.
func appendPair(query []byte, name, value string, limit int) (longer []byte, ok bool) {
	if len(name)+len(value) > limit {
		return nil, false
	}
	if len(query) > 0 {
		query = append(query, '&')
	}
	query = append(AppendEscaped(query, name), '=')
	query = AppendEscaped(query, value)
	return query, len(query) <= limit
}

// AppendEscaped percent-encodes all bytes but the unreserved characters of
// https://www.rfc-editor.org/rfc/rfc3986#section-2.3. It does not use url.QueryEscape, which
// writes a space as a plus sign, because not every tracker decodes that. It may be called
// concurrently.
func AppendEscaped(dst []byte, text string) []byte {
	const hex = "0123456789ABCDEF"
	for _, c := range []byte(text) {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '-', c == '_', c == '.', c == '~':
			dst = append(dst, c)
		default:
			dst = append(dst, '%', hex[c>>4], hex[c&15])
		}
	}
	return dst
}
