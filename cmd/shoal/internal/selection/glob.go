package selection

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// Bounds of what a user can write, so that no mistake of a script costs minutes.
const (
	maxPattern      = 4096 // bytes
	maxAlternatives = 1000 // globs that braces of one pattern stand for
)

// A matcher matches one character of a name; or, as a star, any number of them.
type matcher struct {
	star   bool
	any    bool      // ?
	char   rune      // unless star, any or a class
	ranges [][2]rune // of a class
	negate bool      // the class matches what is not in ranges
	class  bool
}

// A component is what one name of a path must match; or, as anyPath, any number of names.
type component struct {
	anyPath  bool
	matchers []matcher
}

// A glob is a pattern without braces. Paths match it from the torrent's folder on.
type glob []component

// expandBraces returns the globs that a pattern with braces stands for: one for each of the
// alternatives. Braces without a comma or without an end stand for themselves, as in a shell.
func expandBraces(pattern string) ([]string, error) {
	all := []string{pattern}
	var done []string
	for len(all) > 0 {
		p := all[len(all)-1]
		all = all[:len(all)-1]
		start, end, parts := findBraces(p)
		if parts == nil {
			done = append(done, p)
		}
		for _, part := range slices.Backward(parts) {
			all = append(all, p[:start]+part+p[end:])
		}
		if len(all)+len(done) > maxAlternatives {
			return nil, fmt.Errorf("its braces stand for more than %d globs", maxAlternatives)
		}
	}
	return done, nil
}

// findBraces returns the alternatives in the first braces of a pattern that have any, and where
// the braces begin and end.
func findBraces(p string) (start, end int, parts []string) {
	for start = 0; start < len(p); start++ {
		switch p[start] {
		case '\\':
			start++
		case '{':
			if parts, end = alternativesAt(p, start); len(parts) > 1 {
				return start, end, parts
			}
		}
	}
	return 0, 0, nil
}

// alternativesAt returns what commas separate in the braces that begin at start, and where they end.
// Braces within belong to the alternatives.
func alternativesAt(p string, start int) (parts []string, end int) {
	depth, from := 0, start+1
	for i := start; i < len(p); i++ {
		switch p[i] {
		case '\\':
			i++
		case '{':
			depth++
		case ',':
			if depth == 1 {
				parts, from = append(parts, p[from:i]), i+1
			}
		case '}':
			if depth--; depth == 0 {
				return append(parts, p[from:i]), i + 1
			}
		}
	}
	return nil, 0
}

// compileGlob reads a glob. One without a slash is for names anywhere; one that ends in a slash is
// for folders alone. Whatever is in a folder that matches does too.
func compileGlob(text string) (glob, error) {
	text, isFolder := strings.CutSuffix(text, "/")
	anchored := strings.Contains(text, "/")
	text = strings.TrimPrefix(strings.TrimPrefix(text, "./"), "/")
	if text == "" {
		return nil, errors.New("it has no name")
	}
	var g glob
	if !anchored {
		g = append(g, component{anyPath: true})
	}
	for name := range strings.SplitSeq(text, "/") {
		switch name {
		case "", ".":
			continue
		case "**":
			g = append(g, component{anyPath: true})
			continue
		}
		g = append(g, component{matchers: compileName(name)})
	}
	if isFolder {
		g = append(g, component{matchers: []matcher{{star: true}}})
	}
	return append(g, component{anyPath: true}), nil
}

// literalGlob returns the glob that a name or a path matches if it is text, character by character.
func literalGlob(text string) glob {
	anchored := strings.Contains(strings.TrimSuffix(text, "/"), "/")
	var g glob
	if !anchored {
		g = append(g, component{anyPath: true})
	}
	for name := range strings.SplitSeq(strings.Trim(strings.TrimPrefix(text, "./"), "/"), "/") {
		c := component{}
		for _, r := range characters(name) {
			c.matchers = append(c.matchers, matcher{char: r})
		}
		g = append(g, c)
	}
	return append(g, component{anyPath: true})
}

// compileName reads the glob for one name.
func compileName(text string) (all []matcher) {
	chars := characters(text)
	for i := 0; i < len(chars); i++ {
		switch r := chars[i]; {
		case r == '*':
			if n := len(all); n == 0 || !all[n-1].star {
				all = append(all, matcher{star: true})
			}
		case r == '?':
			all = append(all, matcher{any: true})
		case r == '[':
			m, end := compileClass(chars, i)
			if end == 0 {
				m, end = matcher{char: r}, i+1
			}
			all, i = append(all, m), end-1
		case r == '\\' && i+1 < len(chars):
			i++
			all = append(all, matcher{char: chars[i]})
		default:
			all = append(all, matcher{char: r})
		}
	}
	return all
}

// compileClass reads the class that begins at chars[start], and returns where it ends; 0 if it does
// not end.
func compileClass(chars []rune, start int) (m matcher, end int) {
	m.class = true
	i := start + 1
	if i < len(chars) && (chars[i] == '!' || chars[i] == '^') {
		m.negate = true
		i++
	}
	for first := i; i < len(chars); i++ {
		if chars[i] == ']' && i > first {
			return m, i + 1
		}
		if chars[i] == '\\' && i+1 < len(chars) {
			i++
		}
		low, high := chars[i], chars[i]
		if i+2 < len(chars) && chars[i+1] == '-' && chars[i+2] != ']' {
			high, i = chars[i+2], i+2
		}
		m.ranges = append(m.ranges, [2]rune{low, high})
	}
	return m, 0
}

// characters returns the characters of a name. A byte that is not UTF-8 is one of its own, which no
// other equals.
func characters(s string) []rune {
	all := make([]rune, 0, len(s))
	for i, r := range s {
		if r == utf8.RuneError && !strings.HasPrefix(s[i:], string(utf8.RuneError)) {
			r = utf8.MaxRune + 1 + rune(s[i])
		}
		all = append(all, r)
	}
	return all
}

// matches reports whether a character matches.
func (m *matcher) matches(r rune) bool {
	switch {
	case m.any:
		return true
	case m.class:
		in := slices.ContainsFunc(m.ranges, func(c [2]rune) bool { return c[0] <= r && r <= c[1] })
		return in != m.negate
	}
	return m.char == r
}

// matches reports whether a path, in names, matches.
func (g glob) matches(path [][]rune) bool {
	return matchWithStars(len(g), len(path), func(i int) bool { return g[i].anyPath }, func(i, j int) bool { return g[i].matches(path[j]) })
}

// matches reports whether a name matches.
func (c component) matches(name []rune) bool {
	all := c.matchers
	return matchWithStars(len(all), len(name), func(i int) bool { return all[i].star }, func(i, j int) bool { return all[i].matches(name[j]) })
}

// matchWithStars reports whether a text of n items matches a pattern of m, of which some are stars
// that match any number of items. Only the last star is ever tried again, because the fewer items
// an earlier one takes, the more is left for what follows. So the work is at most m times n.
func matchWithStars(m, n int, isStar func(i int) bool, matches func(i, j int) bool) bool {
	i, j := 0, 0
	star, taken := -1, 0 // the last star, and where the text after its items begins
	for j < n {
		switch {
		case i < m && isStar(i):
			star, taken = i, j
			i++
		case i < m && matches(i, j):
			i, j = i+1, j+1
		case star >= 0:
			taken++
			i, j = star+1, taken
		default:
			return false
		}
	}
	for i < m && isStar(i) {
		i++
	}
	return i == m
}
