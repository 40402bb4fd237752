// Package subtitle makes WebVTT of SubRip (.srt), and tells which subtitles belong to a video.
//
// In come the bytes of a file, in UTF-8, UTF-16 or Windows-1252 ([Convert]), and the paths of a
// torrent's files ([Match]); both are a stranger's. Out go WebVTT in UTF-8, a cue at a time, and
// the tracks of each video, with language and label. Convert holds one cue, of bounded length.
//
// Not here: other formats (ASS, SUB), and encodings of other alphabets than Latin, which have no
// mark in the file.
package subtitle
