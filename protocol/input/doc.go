// Package input has the fields of what happened outside of a State, for the inputs that have
// several.
//
// The shell fills them in, and package protocol, which declares the inputs with these fields,
// owns them from Apply on, slices included. Not here: what a State does with an input.
package input
