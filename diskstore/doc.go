// Package diskstore keeps the bytes of a torrent in files.
//
// [Open] takes a folder and the torrent's files and returns a [Store], a swarm.Storage.
// Reads and writes come in with offsets in the torrent; calls on files go out, one
// vectored call (preadv, pwritev) for each file on Linux. The first write to a file makes
// it. [Names] says where it is while it is incomplete. Pad files exist on no disk. Bytes of
// files that are not wanted go to one hidden part file (Options.PartFile).
//
// Not here: pieces and hashes, which belong to the engine, and resume records.
//
// # Ownership of files
//
// A Store never changes, truncates or deletes a file that it did not make, unless
// [Options] says so. Before it makes a file it calls Options.Own, so that a record
// on disk can list the file as ours. All paths go through an [os.Root], so a
// symlink planted in the folder cannot lead out of it.
//
// # Concurrency
//
// All methods may be called concurrently. Any number of stores may share one
// [Handles], which bounds the files and folders that are open at once.
//
// # Errors
//
// A call that fails on a file returns an [*Error] with path, offset and cause, or
// a [*SizeError]. The file system is an [FS], which can be replaced. Pad files, symlinks and
// executable files follow BEP 47 (https://www.bittorrent.org/beps/bep_0047.html).
package diskstore
