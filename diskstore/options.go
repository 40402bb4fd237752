package diskstore

import "time"

// Options configure a Store. The zero value is ready for use. Open reads Options
// once and keeps none of its slices.
type Options struct {
	// Owned lists the paths that earlier stores passed to Own for this
	// torrent. The store may write to, resize and delete these files. It
	// ignores paths that are not in the torrent. A file that is not at its
	// path has a name here that only this package can read; see Names.
	Owned []string

	// Own is called before the store makes files. It gets the torrent's path
	// of each file and symlink, and the path of each folder with a trailing
	// slash. A file that is made at another place has a name for that in
	// addition, and so have the folders there. If it returns nil, these paths are ours. An error fails the
	// write, and nothing is made. Calls do not overlap. Own must not keep the
	// slice and must not call methods of the Store. Nil means that nothing is
	// recorded.
	Own func(paths []string) error

	// ModTime returns the modification time that a file should have, because nobody
	// wrote to it since the caller knew its bytes. Modified lists a file with another
	// one. False means that it is not known. Nil means that none is.
	ModTime func(path string) (time.Time, bool)

	// Overwrite allows writing to files that exist and are not in Owned, and
	// resizing them to the torrent's size. Such files do not become ours:
	// Remove does not delete them. A part file of this torrent does, because
	// nobody else has a use for it.
	Overwrite bool

	// Suffix is appended to the name of a file while it is incomplete, such as
	// ".part". If that is the name of another file of the torrent, the suffix is
	// appended again. If the name would be too long, it is not. FinishFile and
	// Complete give a file its own name. Files without bytes, and symlinks, are
	// made with their own names. A file that has its own name already keeps it.
	Suffix string

	// IncompleteDir is the folder in which files are while they are incomplete, each
	// at its path and with the suffix. It must be on the file system of the
	// torrent's folder, and is made when it is needed. Torrents that have the same
	// paths need folders of their own. Empty means the torrent's folder. If
	// Suffix or IncompleteDir change, files that were made before are found
	// where they are, because their names in Owned say that.
	IncompleteDir string

	// Disown gets names that Own got and that are not ours any more, because a file
	// was moved to its path or what is there is not ours. The record need not be
	// saved at once. It must not keep the slice and must not call methods of the
	// Store. Nil means that nothing is recorded.
	Disown func(names []string)

	// Allocate says when a file gets its length and its space. The zero value
	// makes sparse files.
	Allocate Allocation

	// Warn gets what does not stop the store: once an *Error that matches
	// errors.ErrUnsupported, if AllocateFull cannot reserve space; and one that
	// matches ErrForeignPart, if something has the name of the part file and is
	// not ours. It must not call methods of the Store. Nil ignores warnings.
	Warn func(error)

	// Unwanted says which of the torrent's files are not wanted, by index. Such a
	// file is not made. If it exists and may be written to, it is written to as
	// any other. SetUnwanted changes it. Nil means that all are wanted.
	Unwanted []bool

	// PartFile is the name of a file in the folder for the bytes of files that are
	// not wanted and do not exist, such as ".0123.part". If another file has that
	// name, or the torrent does, a number is appended to it. The store makes the
	// file at the first such write, after a call of Own, and deletes it when
	// nothing is in it. Empty means that such a write fails with ErrUnwanted.
	PartFile string

	// PartKey tells the part files of torrents apart that have the same paths and
	// lengths. It may be any text, such as the torrent's ID.
	PartKey string

	// ParallelWrites says that many writes to one file may be under way at once:
	// WriteLane returns no lane. Set it for folders where a write takes long
	// and several take no longer than one, such as on a network or a FUSE file
	// system. By default each file is a lane, because local file systems lock
	// a file for each write, and a write that waits for the lock takes a
	// processor from others.
	ParallelWrites bool

	// NoSymlinks makes no symlinks, for systems on which that needs a
	// privilege.
	NoSymlinks bool

	// Portable avoids calls that only some systems have, such as pwritev. It
	// has no effect if FS is set.
	Portable bool

	// FS is the file system. Nil means OS, in which no name leads out of the
	// folder.
	FS FS

	// Handles bounds the files and folders that are open at once. Stores
	// should share one. Nil means that the store has its own, for 128 files
	// and folders.
	Handles *Handles
}
