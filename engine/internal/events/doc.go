// Package events hands what happens to those who listen. A [Hub] takes events and gives
// each to all its queues; a [Queue] is what waits for one listener.
//
// Nobody who emits ever waits for a listener: a queue is bounded, and an event that
// finds it full is dropped and counted.
package events
