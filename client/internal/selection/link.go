package selection

import "github.com/shoal-bt/shoal/metainfo"

// OfLink returns the priorities of n files that a link selects
// (https://www.bittorrent.org/beps/bep_0053.html), for SetFiles. Files that do not exist are
// ignored. It returns nil if the link selects none that does.
func OfLink(link []metainfo.Range, n int) []int {
	starts := make([]int, n+1) // ranges that begin at a file, less those that ended before it
	for _, r := range link {
		if r.First >= 0 && r.First <= r.Last && r.First < n {
			starts[r.First]++
			starts[min(r.Last, n-1)+1]--
		}
	}
	priorities, open, selected := make([]int, n), 0, false
	for i := range priorities {
		open += starts[i]
		if open > 0 {
			priorities[i], selected = Default, true
		}
	}
	if !selected {
		return nil
	}
	return priorities
}
