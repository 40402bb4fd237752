// Package places says where the files of a torrent are while they are incomplete.
//
// In come the files, the options of a store and the names that a record lists as ours; out
// go a name for each file and a folder that takes paths of the torrent and leads to where their
// files are. The store owns both. Not here: when a file is made or moved, and whose it is.
package places
