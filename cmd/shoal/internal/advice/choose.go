package advice

import (
	"regexp"
	"strings"
)

// Flag matches a flag in a text for people.
var Flag = regexp.MustCompile(`--[a-z][a-z-]*`)

// Choose joins alternatives to a sentence. Those that name a flag which is not in flags are
// left out, unless flags is nil.
func Choose(flags map[string]bool, alternatives ...string) string {
	var kept []string
	for _, a := range alternatives {
		flag := Flag.FindString(a)
		if flag == "" || flags == nil || flags[flag] {
			kept = append(kept, a)
		}
	}
	if len(kept) == 0 {
		return ""
	}
	text := kept[0]
	for i, a := range kept[1:] {
		switch {
		case i+2 < len(kept):
			text += ", " + a
		case len(kept) > 2:
			text += ", or " + a
		default:
			text += " or " + a
		}
	}
	return strings.ToUpper(text[:1]) + text[1:] + "."
}
