package main

import (
	"context"
	"fmt"

	"github.com/shoal-bt/shoal/bench/internal/child"
	"github.com/shoal-bt/shoal/bench/internal/report"
)

// seed is the content, once, to leechers that throw it away.
func (r *runner) seed(name string, conns int) *scenario {
	s := &scenario{Scenario: report.Scenario{
		Name: name, Title: fmt.Sprintf("Seed to %d connections", conns),
		Note: "Each connection has 128 requests under way. `blast` gathers 16 requests into a write, without anything else that a seeder does. CPU and memory are the seeder's.",
	}}
	if conns == 1 {
		s.Title = "Seed to one connection"
	}
	s.contenders = r.seeders(func(command []string) func(context.Context) (report.Values, error) {
		return r.seeder(command, "-conns", conns)
	})
	if conns > 1 {
		return s // the other programs choke some of several connections
	}
	for _, c := range r.programs {
		if !c.Seeds {
			continue
		}
		s.contenders = append(s.contenders, contender{c.Name, func(ctx context.Context) (report.Values, error) {
			ctx, cancel := context.WithTimeout(ctx, rivalLimit)
			defer cancel()
			seeder, addr, err := r.startRival(ctx, c.Name, "seed", r.dir)
			if err != nil {
				return nil, err
			}
			defer seeder.Stop()
			return r.take(ctx, seeder, addr, "-conns", conns, "-wait")
		}})
	}
	return s
}

// random is the same with pieces in random order to many connections, beside 8 of
// the usual.
func (r *runner) random() *scenario {
	const conns = 200
	s := &scenario{Scenario: report.Scenario{
		Name: "random", Title: fmt.Sprintf("Seed random pieces to %d connections", conns),
	}}
	s.contenders = append(
		[]contender{{"shoal, 8 in order", r.seeder(r.ownSeeder(), "-conns", 8)}},
		r.seeders(func(command []string) func(context.Context) (report.Values, error) {
			return r.seeder(command, "-conns", conns, "-random")
		})...)
	return s
}

// ownSeeder is the command of Shoal as seeder.
func (r *runner) ownSeeder() []string { return r.own("seed", "127.0.0.1:0", r.path(plain), r.dir) }

// seeders returns a contender for each seeder there is.
func (r *runner) seeders(run func(command []string) func(context.Context) (report.Values, error)) []contender {
	all := []contender{
		{"blast", run(r.command("blast", r.path(plain), r.path(contentName), "127.0.0.1:0"))},
		{"shoal", run(r.ownSeeder())},
	}
	if r.libtorrent != nil {
		all = append(all, contender{"libtorrent", run(r.libtorrent.Command("seed", "127.0.0.1:0", r.path(plain), r.dir))})
	}
	return all
}

// seeder returns a run that measures a seeder while a sink takes the content.
func (r *runner) seeder(command []string, sink ...any) func(context.Context) (report.Values, error) {
	return func(ctx context.Context) (report.Values, error) {
		seeder, err := child.Start(ctx, command...)
		if err != nil {
			return nil, err
		}
		defer seeder.Stop()
		addrs, err := fields(ctx, seeder)
		if err != nil {
			return nil, err
		}
		return r.take(ctx, seeder, addrs[0], sink...)
	}
}

// take measures a seeder at an address while a sink takes the content.
func (r *runner) take(ctx context.Context, seeder *child.Process, addr string, sink ...any) (report.Values, error) {
	taker, err := r.start(ctx, append(append([]any{"sink"}, sink...), r.path(plain), addr)...)
	if err != nil {
		return nil, err
	}
	defer taker.Stop()
	if _, err := taker.Ready(ctx); err != nil {
		return nil, err
	}
	m, err := seeder.Mark()
	if err != nil {
		return nil, err
	}
	took, _, err := taker.Go(ctx)
	if err != nil {
		return nil, err
	}
	f, err := seeder.Since(m)
	f.Wall = took.Wall
	return values(f, r.size), err
}
