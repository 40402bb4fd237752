// Package child runs the programs that are measured, each as a process of its own,
// and speaks with them in lines.
//
// A program says "ready" on its standard output, with a text of its own behind it,
// and waits for "go" on its standard input. It then does what it is for, says
// "done", and keeps running until its input ends, so that its starter can measure
// what it used: a Process is the starter's side, a Parent the program's. A
// program ends when its input does, so none outlives the starter, however that ends.
package child
