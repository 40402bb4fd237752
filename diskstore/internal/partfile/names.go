package partfile

import (
	"fmt"
	"iter"
	"strings"
)

// maxNames is the number of names that are tried for a part file.
const maxNames = 100

// Names yields the names that a part file may have: name, and then name with a number. None of
// them is the beginning of one of paths, also if the system does not tell small letters from
// capitals.
func Names(name string, paths iter.Seq[string]) iter.Seq[string] {
	return func(yield func(string) bool) {
		taken := make(map[string]bool)
		for p := range paths {
			first, _, _ := strings.Cut(p, "/")
			taken[strings.ToLower(first)] = true
		}
		next := name
		for i, tried := 1, 0; tried < maxNames; i++ {
			if !taken[strings.ToLower(next)] {
				if !yield(next) {
					return
				}
				tried++
			}
			next = fmt.Sprintf("%s.%d", name, i)
		}
	}
}
