// Package events gives events to listeners. A [Hub] takes an event and puts it into all
// its queues; a [Queue] holds the events that one listener has not read.
//
// Emit never waits for a listener: a queue is bounded, and an event that finds it full is
// dropped and counted.
package events
