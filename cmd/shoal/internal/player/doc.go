// Package player starts the program that plays an address.
//
// In come the words of a command that the user wrote, and an address; out go a process, and how it
// ended. No shell is in between, so nothing in the address is more than an address. The process reads
// and prints nothing, because the terminal belongs to the command that starts it, and ends with that.
package player
