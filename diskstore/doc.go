// Package diskstore keeps the bytes of a torrent in files.
//
// [Open] is given a folder and the torrent's files, and returns a [Store], which
// is a swarm.Storage: offsets of the torrent come in, and calls on files go out,
// one vectored call per file and write on Linux (preadv, pwritev). Pads are on
// no disk. Files are made at the first write to them, at full length.
//
// A Store never changes, cuts or deletes a file that it did not make, unless
// told to; it says what it is about to make before it does, so that a record on
// disk can list it as ours. All paths lead through an [os.Root]: a link planted
// in the folder cannot lead out of it.
//
// Any number of stores may share one [Handles], the files and folders that are
// open at once. The file system below is an [FS], which can be replaced. What
// the bytes are is not known here: pieces and their hashes are the engine's.
//
// Pad files, symlinks and executable files are those of BEP 47
// (https://www.bittorrent.org/beps/bep_0047.html).
package diskstore
