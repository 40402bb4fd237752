// Package filesys is the file system under a store of package diskstore.
//
// In come the paths of folders, and names in them; out go open folders and files. [OS] is the
// operating system's: no name and no symlink leads out of an open folder. Other programs
// may implement [FS]. Not here: torrents, and which files are ours.
package filesys
