package main

import (
	"context"
	"flag"
	"strconv"

	"github.com/shoal-bt/shoal/bench/internal/child"
	"github.com/shoal-bt/shoal/bench/internal/ours"
	"github.com/shoal-bt/shoal/bench/internal/report"
)

// readers downloads at full speed while a reader reads from the middle.
func (r *runner) readers() *scenario {
	s := &scenario{Scenario: report.Scenario{
		Name: "reader", Title: "A reader on a torrent that downloads at full speed",
		Note: "Package client downloads the content from `blast`, in 1 MiB pieces. A reader begins in the middle: at 10 MiB/s, or as fast as the bytes come.",
	}}
	for _, c := range []struct {
		name string
		rate int64
	}{{"shoal", -1}, {"shoal, read at 10 MiB/s", 10 << 20}, {"shoal, read as fast as it comes", 0}} {
		s.contenders = append(s.contenders, contender{c.name, func(ctx context.Context) (report.Values, error) {
			return r.read(ctx, c.rate)
		}})
	}
	return s
}

// read measures one download with a reader of some rate.
func (r *runner) read(ctx context.Context, rate int64) (report.Values, error) {
	dir, remove, err := r.target()
	if err != nil {
		return nil, err
	}
	defer remove()
	blast, err := r.start(ctx, "blast", r.path(plain), r.path(contentName), "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	defer blast.Stop()
	addrs, err := fields(ctx, blast)
	if err != nil {
		return nil, err
	}
	p, err := child.Start(ctx, r.own("read", "-rate", rate, r.path(plain), dir+"/data", dir+"/state", addrs)...)
	if err != nil {
		return nil, err
	}
	defer p.Stop()
	f, text, err := p.Run(ctx)
	if err != nil {
		return nil, err
	}
	read, err := strconv.ParseFloat(text, 64)
	v := values(f, r.size)
	v[report.Read] = read / (1 << 20)
	return v, err
}

// runRead is the part that downloads and reads.
func runRead(p *child.Parent, args []string) error {
	var flags flag.FlagSet
	var r ours.Reading
	flags.Int64Var(&r.Rate, "rate", 0, "bytes to read per second; 0 for as fast as they come, negative for none")
	if err := flags.Parse(args); err != nil {
		return err
	}
	return with(flags.Args(), 4, func(a []string) error { return r.Read(p, a[0], a[1], a[2], a[3:]) })
}
