package diskstore

// Options tunes a Store. Its zero value is ready for use. It is read once, by
// Open; its slices are not kept.
type Options struct {
	// Owned lists what earlier stores made here, as they told Own. Of the
	// torrent's files, these may be written to, resized and deleted. Names
	// that are not the torrent's are left alone.
	Owned []string

	// Own is told what is about to be made, before it is: the torrent's path
	// of each file and symlink, and of each folder with a slash behind it.
	// When it has returned nil, they are ours; an error fails the write, and
	// nothing is made. Calls do not overlap. Own keeps no slice, and calls
	// no method of the Store. Nil means that nobody wants to know.
	Own func(paths []string) error

	// Overwrite says that files that exist and are not in Owned may be
	// written to, and resized if they have another size than the torrent's.
	// They are not ours for that: Remove leaves them.
	Overwrite bool

	// Preallocate sets the blocks of a file aside on the disk when it is
	// made, where the file system can. Otherwise files are sparse, and a
	// full disk shows at some later write.
	Preallocate bool

	// NoSymlinks leaves out symlinks, for systems on which making one takes
	// a privilege.
	NoSymlinks bool

	// Portable leaves out the calls that are particular to one system, such
	// as pwritev. It has no effect if FS is set.
	Portable bool

	// FS is the file system. Nil means OS, on which no name leads out of
	// the folder.
	FS FS

	// Handles bounds what is open at once, and is meant to be shared by
	// stores. Nil means one of the store's own, for 128 files and folders.
	Handles *Handles
}
