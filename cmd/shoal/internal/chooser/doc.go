// Package chooser lets the user choose files of a torrent in a list on the terminal.
//
// In come the files and keys; out goes which files are wanted, and lines for a window of any size.
// A List is a value that does no I/O and is used by one goroutine at a time. Run puts it on a
// terminal, and gives the terminal back as it was, however the choice ends.
package chooser
