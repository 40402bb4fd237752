// Package bencode turns values to bencode and back, safely (BEP 3,
// https://www.bittorrent.org/beps/bep_0003.html#bencoding).
//
// [Scan] reads bytes from strangers: it walks them once, without recursion and
// without allocating, checks every rule and limit, and returns a [Value], a
// span of those bytes with typed look-ups. The raw bytes of any node, such as
// the info dictionary whose hash names a torrent, are exact. A Value aliases
// the scanned bytes, which must not change while it is used.
//
// [Marshal] and [Unmarshal] convert Go values by reflection, for files and
// tools. They stand on github.com/jackpal/bencode-go; the scanner goes before
// it, and Go types that it gets wrong are refused with a [*ShapeError].
//
// [Node] is a tree to edit, and [AppendInt] and its siblings write messages
// into a buffer without allocating.
//
// Not here: streams. A value must be in memory whole before it is read.
package bencode
