package main

import (
	"context"
	"fmt"

	"github.com/shoal-bt/shoal/bench/internal/report"
)

// A scenario is one comparison.
type scenario struct {
	report.Scenario
	contenders []contender
	open       func(context.Context) error // prepares; nil for the content alone
	close      func()                      // ends what open began; may be nil
}

// A contender is measured once in each round.
type contender struct {
	name string
	run  func(context.Context) (report.Values, error)
}

// compare lets the contenders of a scenario take turns. One that fails is reported
// and not measured again. The error is that of ctx, or what kept all from beginning.
func (r *runner) compare(ctx context.Context, s *scenario) error {
	fmt.Fprintf(r.log, "\n%s\n", s.Title)
	open := s.open
	if open == nil {
		open = r.prepare
	}
	if s.close != nil {
		defer s.close()
	}
	if err := open(ctx); err != nil {
		return fmt.Errorf("%s: %w", s.Name, err)
	}
	failed := map[string]bool{}
	for round := range r.rounds {
		for _, c := range s.contenders {
			if failed[c.name] {
				continue
			}
			v, err := c.run(ctx)
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			if err != nil {
				failed[c.name] = true
				s.Errors = append(s.Errors, fmt.Sprintf("%s, round %d: %v", c.name, round+1, err))
				fmt.Fprintf(r.log, "  %s: %v\n", c.name, err)
				continue
			}
			s.Add(c.name, v)
			fmt.Fprintf(r.log, "  round %d  %s\n", round+1, report.Line(c.name, v))
		}
	}
	s.Sum()
	return nil
}

// scenarios returns all that can be measured here, in the order of the report.
func (r *runner) scenarios() []*scenario {
	all := []*scenario{
		r.download(), r.seed("seed1", 1), r.seed("seed8", 8), r.random(), r.recheck(), r.disk(), r.hash(),
		r.many(), r.idleConns(), r.link("link", 0), r.link("lossy", 0.001), r.magnets(), r.attacks(), r.trackers(), r.dhtNode(), r.choose(),
		r.stream(), r.readers(),
	}
	for _, s := range all {
		s.Bounds = boundsOf(s.Name, r.features.Class(), s.contenders)
	}
	return all
}
