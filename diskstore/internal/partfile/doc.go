// Package partfile is the format of a part file, which keeps chunks of files that do not
// exist.
//
// In come the bytes of a part file, and the numbers of files and of the chunks in them;
// out go offsets in the part file, and the bytes of its header and of its entries. An
// [Index] is a value: the caller reads and writes the file, and owns all slices.
//
// A part file begins with a header, which has the key of the torrent that it belongs to.
// Groups follow: a page of 128 entries, and 128 slots of 16 KiB. An entry says which chunk
// of which file is in its slot, and has a check that depends on the key and the slot. So
// an entry that is torn, or that is garbage, costs its slot alone.
//
// Not here: files, locks, and when a chunk belongs into a part file.
package partfile
