// Package handlertest tests a trackerserver.Handler that stores swarms: its counts, which
// peers it names, when it forgets them, and that no address takes the room of others.
//
// A function that makes Handlers comes in; failures of the test go out. Memory passes,
// and so should a store that several trackers share.
package handlertest
