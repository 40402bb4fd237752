package piecepicker

import (
	"testing"

	"github.com/shoal-bt/shoal/swarm"
	"github.com/shoal-bt/shoal/swarm/pickertest"
)

func BenchmarkRarest(b *testing.B) {
	pickertest.Benchmark(b, func(_ *testing.B, g swarm.Geometry) swarm.Picker { return NewRarest(g, Config{Seed: 1}) })
}

func BenchmarkSequential(b *testing.B) {
	pickertest.Benchmark(b, func(_ *testing.B, g swarm.Geometry) swarm.Picker { return NewSequential(g, Config{}) })
}
