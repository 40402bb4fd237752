package swarm_test

import (
	"testing"

	"github.com/shoal-bt/shoal/swarm"
	"github.com/shoal-bt/shoal/swarm/storagetest"
)

func openMemory(_ *testing.T, length int64, pads []swarm.Span) swarm.Storage {
	return swarm.NewMemory(length, pads...)
}

func TestMemory(t *testing.T) {
	storagetest.Run(t, func(t *testing.T, length int64) swarm.Storage { return openMemory(t, length, nil) })
}

func TestMemoryPads(t *testing.T) { storagetest.RunPads(t, openMemory) }

func BenchmarkMemory(b *testing.B) {
	storagetest.Benchmark(b, func(_ *testing.B, length int64) swarm.Storage { return swarm.NewMemory(length) })
}

// FuzzMemory compares Memory behind a decorator with Memory: it tests the suite.
func FuzzMemory(f *testing.F) {
	storagetest.Fuzz(f, func(t *testing.T, length int64, pads []swarm.Span) swarm.Storage {
		return storagetest.NewFaulty(openMemory(t, length, pads))
	})
}
