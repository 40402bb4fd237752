package trackerserver

import "bytes"

// The options after an announce request:
// https://www.bittorrent.org/beps/bep_0041.html#extension-format.
const (
	optionEnd     = 0
	optionNOP     = 1
	optionURLData = 2
)

// appendURLData appends the path and the query of the tracker's URL to dst, which are in
// the options behind an announce. Reading ends at an option that is cut off.
func appendURLData(dst, options []byte) []byte {
	for len(options) > 0 {
		option := options[0]
		options = options[1:]
		switch option {
		case optionEnd:
			return dst
		case optionNOP:
			continue
		}
		if len(options) == 0 || len(options) < 1+int(options[0]) {
			return dst
		}
		end := 1 + int(options[0])
		if option == optionURLData {
			dst = append(dst, options[1:end]...)
		}
		options = options[end:]
	}
	return dst
}

// splitURLData returns path and query of URLData. The usual path allocates nothing.
func splitURLData(data []byte) (path, query string) {
	if string(data) == "/announce" {
		return "/announce", ""
	}
	before, after, _ := bytes.Cut(data, []byte{'?'})
	return string(before), string(after)
}
