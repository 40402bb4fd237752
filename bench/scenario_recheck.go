package main

import (
	"context"
	"fmt"

	"github.com/shoal-bt/shoal/bench/internal/report"
)

// recheck is the check of content that is in memory, with one and two threads that
// hash.
func (r *runner) recheck() *scenario {
	s := &scenario{Scenario: report.Scenario{
		Name: "recheck", Title: "Recheck of content in the page cache",
		Note: "1 MiB pieces, with as many threads that hash as named.",
	}}
	for _, n := range []int{1, 2} {
		ours, theirs := fmt.Sprintf("shoal, %d", n), fmt.Sprintf("libtorrent, %d", n)
		s.contenders = append(s.contenders, contender{ours, r.checker(r.own("recheck", "-workers", n, r.path(plain), r.dir))})
		if r.libtorrent == nil {
			continue
		}
		s.contenders = append(s.contenders, contender{theirs, r.checker(r.libtorrent.Command("recheck", r.path(plain), r.dir, fmt.Sprint(n)))})
	}
	return s
}

// checker returns a run of a command that reads all content.
func (r *runner) checker(command []string) func(context.Context) (report.Values, error) {
	return func(ctx context.Context) (report.Values, error) {
		f, err := r.measure(ctx, command)
		return values(f, r.size), err
	}
}
