// Package choosing has the flags that choose files of a torrent, and says which files are meant.
//
// In come the values of flags, the files of a torrent, and what a former run or a link says of them;
// out go priorities, or the one file that a command plays or prints, or errors that list what there is.
// It keeps nothing. Not here: what globs match, and the list on the terminal.
package choosing
