package diskstore

import "github.com/shoal-bt/shoal/diskstore/filesys"

// What a file system is, which package filesys says.
type (
	// FS opens folders.
	FS = filesys.FS

	// Folder is an open folder.
	Folder = filesys.Folder

	// Mover is a Folder that can move a file without replacing another one.
	Mover = filesys.Mover

	// File is an open file.
	File = filesys.File

	// Allocator is a File that can reserve space on the disk.
	Allocator = filesys.Allocator

	// OS is the FS of the operating system.
	OS = filesys.OS
)
