package piecepicker

import (
	"testing"

	"github.com/shoal-bt/shoal/swarm"
	"github.com/shoal-bt/shoal/swarm/pickertest"
)

var _ swarm.Prioritizer = (*Picker)(nil)

func openRarest(_ *testing.T, g swarm.Geometry) swarm.Picker {
	return NewRarest(g, Config{Seed: 1})
}

func openSequential(_ *testing.T, g swarm.Geometry) swarm.Picker {
	return NewSequential(g, Config{})
}

func TestRarestKeepsTheContract(t *testing.T) { pickertest.Run(t, openRarest) }

func TestSequentialKeepsTheContract(t *testing.T) { pickertest.Run(t, openSequential) }
