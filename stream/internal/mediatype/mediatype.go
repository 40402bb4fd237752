package mediatype

import "iter"

// A Kind is what a file is to a person.
type Kind uint8

// The kinds. Other is what is not shown.
const (
	Other Kind = iota
	Video
	Audio
	Image // of pixels, which excludes SVG
	Text
	Subtitles // WebVTT, and what package subtitle makes it of
)

// A Type is what a name says about a file.
type Type struct {
	ContentType string // for the header, never empty
	Kind        Kind
	Inline      bool // may be shown in a browser; else it must be an attachment
	Browser     bool // browsers play or show it
}

// ByName returns the type of the file at path.
func ByName(path string) Type { return Type{} }

// Sniff returns the type of the file at path, whose first bytes are head: at least 512, or all
// if it is shorter. It is that of ByName, unless the name says nothing and the bytes are of a
// type that is safe to show.
func Sniff(path string, head []byte) Type { return Type{} }

// Playable reports whether media players play the file at path: video and audio, also what
// browsers do not play.
func Playable(path string) bool { return false }

// Best returns the index of the file that a user most likely wants to play, of paths and lengths
// in bytes: the longest that is Playable, else the longest. It returns -1 if there is none.
func Best(files iter.Seq2[string, int64]) int { return -1 }
