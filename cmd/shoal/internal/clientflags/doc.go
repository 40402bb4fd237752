// Package clientflags has the flags of commands that run a client: with whom it talks, and how it makes
// files.
//
// In come the values of flags, and names to look up; out go settings of a client, or errors that say
// what to write. It keeps nothing.
package clientflags
