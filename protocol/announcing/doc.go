// Package announcing says when a source of peers may be called again, and how far one is.
//
// In come the answers and errors of sources, and times; out go times, and a [State] with which
// another goes on that announces to the same source. The one that calls a source owns its State. Not
// here: the calls, and what is announced.
package announcing
