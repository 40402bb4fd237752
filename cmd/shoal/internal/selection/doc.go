// Package selection chooses files of a torrent by what the user wrote after --select.
//
// In come patterns, and the files of a torrent; out goes which of these are wanted, or an error
// that lists what there is. Nothing is kept of the torrent. Names of files are foreign, so the
// work for a file is bounded by the lengths of its path and of the patterns.
//
// A pattern is one of these:
//
//	*.mkv            a name, or a glob for one: files and folders of that name, wherever they are
//	photos/*.jpg     with a slash: a path from the torrent's folder on
//	photos           a folder: everything in it
//	3, 5-8           numbers, as inspect --files shows them
//	!*.txt           takes files back that were chosen before it
//
// In globs * and ? match no slash, ** also matches slashes, [a-z] and [!a-z] match one character,
// {mkv,srt} matches either, and \ takes the next character as it is. Case counts. What is exactly
// the name of a file or folder means it, whatever characters it has.
package selection
