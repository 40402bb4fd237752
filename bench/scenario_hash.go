package main

import (
	"context"

	"github.com/shoal-bt/shoal/bench/internal/report"
)

// hash is hashing alone, on one core.
func (r *runner) hash() *scenario {
	s := &scenario{
		Scenario: report.Scenario{
			Name: "hash", Title: "Hashing on one core",
			Note: "16 pieces in the processor's cache, by `piecehash` and by the standard library, which uses SHA-NI where the processor has it.",
		},
		open: func(context.Context) error { return nil },
	}
	for _, algorithm := range []string{"sha1", "sha256"} {
		for _, by := range []string{"std", "piecehash"} {
			s.contenders = append(s.contenders, contender{algorithm + ", " + by, r.checker(r.own("hash", algorithm, by, r.size))})
		}
	}
	return s
}
