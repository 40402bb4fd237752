package wanted

import (
	"errors"

	"github.com/shoal-bt/shoal/swarm"
)

var (
	// ErrNotPrioritizer says that a picker takes neither priorities nor deadlines.
	ErrNotPrioritizer = errors.New("the picker takes no priorities: use one that is a swarm.Prioritizer")

	// ErrNotSequencer says that the order of a picker cannot change.
	ErrNotSequencer = errors.New("the picker has one order only: use one that is a swarm.Sequencer")
)

// Abilities are what a picker can do. Zero means that it is not known.
type Abilities uint8

const (
	known Abilities = 1 << iota
	prioritizes
	sequences
)

// AbilitiesOf returns what a picker can do.
func AbilitiesOf(p swarm.Picker) Abilities {
	a := known
	if _, ok := p.(swarm.Prioritizer); ok {
		a |= prioritizes
	}
	if _, ok := p.(swarm.Sequencer); ok {
		a |= sequences
	}
	return a
}

// Prioritize returns ErrNotPrioritizer if the picker is none.
func (a Abilities) Prioritize() error {
	if a&prioritizes == 0 {
		return ErrNotPrioritizer
	}
	return nil
}

// Sequence returns ErrNotSequencer if the picker is none.
func (a Abilities) Sequence() error {
	if a&sequences == 0 {
		return ErrNotSequencer
	}
	return nil
}
