package stream

import (
	"math"
	"net/http"
	"strconv"
	"strings"
)

// maxRanges is how many ranges a request may have. If it has more, all are ignored.
// https://www.rfc-editor.org/rfc/rfc9110#section-14.2
const maxRanges = 20

// limitRanges returns the request without its Range header if that must be ignored: for HEAD, of
// an unknown unit, of too many ranges.
func limitRanges(r *http.Request) *http.Request {
	header := r.Header.Get("Range")
	if header == "" {
		return r
	}
	unit, ranges, _ := strings.Cut(header, "=")
	ignored := r.Method != http.MethodGet ||
		!strings.EqualFold(strings.TrimSpace(unit), "bytes") ||
		strings.Count(ranges, ",") >= maxRanges
	r = r.Clone(r.Context())
	if ignored {
		r.Header.Del("Range")
	} else {
		r.Header.Set("Range", "bytes="+satisfiable(ranges)) // net/http knows only lower case
	}
	return r
}

// satisfiable replaces ranges of the last 0 bytes, which net/http would send, by ranges after any
// end, because both cannot be satisfied.
// https://www.rfc-editor.org/rfc/rfc9110#section-14.1.1
func satisfiable(ranges string) string {
	all := strings.Split(ranges, ",")
	for i, one := range all {
		length, isSuffix := strings.CutPrefix(strings.TrimSpace(one), "-")
		if isSuffix && length != "" && strings.Trim(length, "0") == "" {
			all[i] = strconv.FormatInt(math.MaxInt64, 10) + "-"
		}
	}
	return strings.Join(all, ",")
}
