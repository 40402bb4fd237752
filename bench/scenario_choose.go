package main

import (
	"context"
	"flag"
	"fmt"
	"strconv"
	"time"

	"github.com/shoal-bt/shoal/bench/internal/child"
	"github.com/shoal-bt/shoal/bench/internal/ours"
	"github.com/shoal-bt/shoal/bench/internal/report"
)

// chosenFiles is the number of files of the scenario choose, and of changes per second.
const chosenFiles = 100_000

// chosenName is the torrent of the scenario choose: 1 MiB pieces.
const chosenName = "chosen.torrent"

// choose changes the priorities of many files: by calls alone, and beside a download.
func (r *runner) choose() *scenario {
	s := &scenario{Scenario: report.Scenario{
		Name: "choose", Title: fmt.Sprintf("Priorities of %d files", chosenFiles),
		Note: fmt.Sprintf("A call sets those of all files; its time is that of the slowest of 20. Package client downloads the same content as %d files, which it keeps in one, while priorities change, at random from 1 to 7: all at once, or one file with each call. Without changes it is `shoal`.", chosenFiles),
	}}
	for _, c := range []struct {
		name  string
		least int
	}{{"shoal, a call", 1}, {"shoal, a call, some not wanted", 0}} {
		s.contenders = append(s.contenders, contender{c.name, func(ctx context.Context) (report.Values, error) {
			return r.chosen(ctx, "-least", c.least, "-calls")
		}})
	}
	for _, c := range []struct {
		name string
		ours.Choice
	}{
		{"shoal", ours.Choice{}},
		{"shoal, all each second", ours.Choice{Every: time.Second}},
		{"shoal, all each 100 ms", ours.Choice{Every: 100 * time.Millisecond}},
		{"shoal, 100000 calls a second", ours.Choice{Singly: chosenFiles}},
	} {
		s.contenders = append(s.contenders, contender{c.name, func(ctx context.Context) (report.Values, error) {
			return r.chosen(ctx, "-every", c.Every, "-singly", c.Singly)
		}})
	}
	return s
}

// chosen runs the part that changes priorities; it downloads if args do not say otherwise.
func (r *runner) chosen(ctx context.Context, args ...any) (report.Values, error) {
	dir, remove, err := r.target()
	if err != nil {
		return nil, err
	}
	defer remove()
	blast, err := r.start(ctx, "blast", r.path(chosenName), r.path(contentName), "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	defer blast.Stop()
	addrs, err := fields(ctx, blast)
	if err != nil {
		return nil, err
	}
	command := append([]any{"choose"}, args...)
	p, err := child.Start(ctx, r.own(append(command, r.path(chosenName), dir+"/data", dir+"/state", addrs)...)...)
	if err != nil {
		return nil, err
	}
	defer p.Stop()
	f, text, err := p.Run(ctx)
	if err != nil {
		return nil, err
	}
	figure, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return nil, err
	}
	if args[len(args)-1] == "-calls" {
		return report.Values{report.Call: 1000 * figure, report.Peak: mib(f.Peak)}, nil
	}
	v := values(f, r.size)
	v[report.Changes] = figure
	return v, nil
}

// runChoose is the part that changes priorities.
func runChoose(p *child.Parent, args []string) error {
	var flags flag.FlagSet
	var c ours.Choice
	flags.DurationVar(&c.Every, "every", 0, "from one change of all files to the next; 0 for none")
	flags.IntVar(&c.Singly, "singly", 0, "changes of one file per second")
	least := flags.Int("least", 1, "the lowest priority")
	calls := flags.Bool("calls", false, "download nothing, and measure calls alone")
	if err := flags.Parse(args); err != nil {
		return err
	}
	return with(flags.Args(), 4, func(a []string) error {
		if *calls {
			return ours.ChangeAll(p, a[0], a[1], a[2], *least)
		}
		return c.Choose(p, a[0], a[1], a[2], a[3:])
	})
}
