// Package events has the events of a client: those of its engine and some of its own, in
// streams that never block it.
//
// In come the events of the engine, and what a [Client] knows of its torrents; out go the
// events of a [Stream], which the one that reads it owns, and the errors that they are about.
// Users open a Stream with the method Events of a client.Client. Not here: when something happens.
package events
