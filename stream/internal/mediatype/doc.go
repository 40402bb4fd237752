// Package mediatype tells the content type of a file by its name, and whether it is safe to
// show.
//
// In come paths of a torrent's files and, for those whose names say nothing, their first bytes;
// out goes a [Type]. Only audio, video, raster images, plain text and WebVTT are ever inline,
// because a browser runs no script in them; all else is to be an attachment. Bytes choose among
// the types that are safe and never make another one. The package keeps nothing.
//
// Not here: headers, and the system's own table of types, which differs between machines.
package mediatype
