// Package scenario has named swarms, and simple models of other pickers and chokers, to
// show how well the protocol serves a swarm and what each of its rules is worth.
//
// In come [Options]; out comes a [swarmsim.Sim], which the caller runs. [All] lists the
// scenarios. Not here: the simulation itself, which is package swarmsim, and what is
// shown of a result, which is the command cmd/swarmsim.
package scenario
