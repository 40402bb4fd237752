// Package processor finds the class of this machine's processor. The class follows from
// what programs use: the processor's features without those that GODEBUG turns off.
package processor
