package protocol

import "github.com/shoal-bt/shoal/protocol/effect"

// An Effect is something to do outside the State. The caller carries out those of a Turn
// in order. While it does, it applies nothing: what follows from an Effect comes back as an
// Input of a later turn.
type Effect = effect.Effect

// A Ticket is the caller's number for a call that waits, such as Await. The effect Answer
// ends it. The caller does not use a number twice. Zero means that nobody waits.
type Ticket = effect.Ticket

// The effects; package effect has their fields.
type (
	// Accept lets the reader and the writer of a connection begin.
	Accept = effect.Accept

	// Hangup closes a connection.
	Hangup = effect.Hangup

	// Dial connects to an address and shakes hands in one of the torrent's swarms.
	Dial = effect.Dial

	// Check hashes a piece, or a section of it, and writes it if it passes.
	Check = effect.Check

	// Hurry hashes at once what waits for other pieces, because memory is short.
	Hurry = effect.Hurry

	// Spill writes blocks of a piece that is not complete.
	Spill = effect.Spill

	// CheckStored checks pieces against the Storage.
	CheckStored = effect.CheckStored

	// Complete tells the Storage that every piece that is wanted is held.
	Complete = effect.Complete

	// Idle tells the Storage that nobody uses it for a while.
	Idle = effect.Idle

	// Announce calls the torrent's sources with State.Announcement.
	Announce = effect.Announce

	// Report gives an event to all listeners.
	Report = effect.Report

	// DHTNode names a node of the DHT.
	DHTNode = effect.DHTNode

	// Answer ends the call that waits with a ticket.
	Answer = effect.Answer
)
