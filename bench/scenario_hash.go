package main

import (
	"context"
	"strings"

	"github.com/shoal-bt/shoal/bench/internal/report"
)

// hash is hashing alone, on one core.
func (l *lab) hash() *scenario {
	s := &scenario{
		Scenario: report.Scenario{
			Name: "hash", Title: "Hashing on one core",
			Note: "16 pieces in the processor's cache, by `piecehash` and by the standard library, which uses SHA-NI where the processor has it.",
		},
		open: func(context.Context) error { return nil },
	}
	wanted := map[string]float64{}
	switch here := machine(); {
	case strings.Contains(here, "AVX-512"):
		wanted = map[string]float64{"sha1": 5, "sha256": 4}
	case strings.Contains(here, "AVX2"):
		wanted = map[string]float64{"sha1": 2.7, "sha256": 2.5}
	}
	for _, algorithm := range []string{"sha1", "sha256"} {
		for _, by := range []string{"std", "piecehash"} {
			s.contenders = append(s.contenders, contender{algorithm + ", " + by, l.checker(l.own("hash", algorithm, by, l.size))})
		}
		if limit := wanted[algorithm]; limit > 0 {
			s.Bounds = append(s.Bounds, atLeast(algorithm+", piecehash", algorithm+", std", report.Rate, limit))
		}
	}
	return s
}
