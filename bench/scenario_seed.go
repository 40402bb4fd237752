package main

import (
	"context"
	"fmt"

	"github.com/shoal-bt/shoal/bench/internal/child"
	"github.com/shoal-bt/shoal/bench/internal/report"
)

// seed is the content, once, to leechers that throw it away.
func (l *lab) seed(name string, conns int) *scenario {
	s := &scenario{Scenario: report.Scenario{
		Name: name, Title: fmt.Sprintf("Seed to %d connections", conns),
		Note: "Each connection has 128 requests under way. `blast` gathers 16 requests into a write, without anything else that a seeder does. CPU and memory are the seeder's.",
	}}
	if conns == 1 {
		s.Title = "Seed to one connection"
	}
	s.contenders = l.seeders(func(command []string) func(context.Context) (report.Values, error) {
		return l.seeder(command, "-conns", conns)
	})
	if conns > 1 {
		return s // the other programs choke some of several connections
	}
	for _, c := range l.programs {
		if !c.Seeds {
			continue
		}
		s.contenders = append(s.contenders, contender{c.Name, func(ctx context.Context) (report.Values, error) {
			seeder, addr, err := l.startRival(ctx, c.Name, "seed", l.dir)
			if err != nil {
				return nil, err
			}
			defer seeder.Stop()
			return l.take(ctx, seeder, addr, "-conns", conns, "-wait")
		}})
	}
	return s
}

// random is the same with pieces in random order to many connections, beside 8 of
// the usual.
func (l *lab) random() *scenario {
	const conns = 200
	s := &scenario{Scenario: report.Scenario{
		Name: "random", Title: fmt.Sprintf("Seed random pieces to %d connections", conns),
	}}
	s.contenders = append(
		[]contender{{"shoal, 8 in order", l.seeder(l.ownSeeder(), "-conns", 8)}},
		l.seeders(func(command []string) func(context.Context) (report.Values, error) {
			return l.seeder(command, "-conns", conns, "-random")
		})...)
	return s
}

// ownSeeder is the command of Shoal as seeder.
func (l *lab) ownSeeder() []string { return l.own("seed", "127.0.0.1:0", l.path(plain), l.dir) }

// seeders returns a contender for each seeder there is.
func (l *lab) seeders(run func(command []string) func(context.Context) (report.Values, error)) []contender {
	all := []contender{
		{"blast", run(l.command("blast", l.path(plain), l.path(contentName), "127.0.0.1:0"))},
		{"shoal", run(l.ownSeeder())},
	}
	if l.libtorrent != nil {
		all = append(all, contender{"libtorrent", run(l.libtorrent.Command("seed", "127.0.0.1:0", l.path(plain), l.dir))})
	}
	return all
}

// seeder returns a run that measures a seeder while a sink takes the content.
func (l *lab) seeder(command []string, sink ...any) func(context.Context) (report.Values, error) {
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
		return l.take(ctx, seeder, addrs[0], sink...)
	}
}

// take measures a seeder at an address while a sink takes the content.
func (l *lab) take(ctx context.Context, seeder *child.Process, addr string, sink ...any) (report.Values, error) {
	taker, err := l.start(ctx, append(append([]any{"sink"}, sink...), l.path(plain), addr)...)
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
	return values(f, l.size), err
}
