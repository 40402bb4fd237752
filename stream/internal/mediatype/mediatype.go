package mediatype

import (
	"net/http"
	"path"
	"strings"
)

// A Kind is what a file is to a person.
type Kind uint8

// The kinds. Other is everything that is not shown.
const (
	Other Kind = iota
	Video
	Audio
	Image // of pixels, which excludes SVG
	Text
	Subtitles // WebVTT, and SubRip, which package subtitle converts
)

// A Type is what a name says about a file.
type Type struct {
	ContentType string // for the header; never empty
	Kind        Kind
	Inline      bool // may be shown by a browser, with nosniff; else it must be an attachment
	Browser     bool // the usual browsers play or show it
}

// octetStream is the type of what no browser should look at.
var octetStream = Type{ContentType: "application/octet-stream"}

// ByName returns the type of the file at path.
func ByName(path string) Type {
	t, _ := byName(path)
	return t
}

// byName also reports whether the name says anything.
func byName(name string) (Type, bool) {
	ext := strings.ToLower(path.Ext(name))
	if t, ok := byExtension[ext]; ok {
		return t, true
	}
	return octetStream, active[ext]
}

// Unknown reports whether the name says nothing, so that Sniff may find out more.
func Unknown(path string) bool {
	_, known := byName(path)
	return !known
}

// Sniff returns the type of the file at path, whose first bytes are head: at least 512, or all
// of them if it is shorter. It is that of ByName, unless the name says nothing and the bytes are
// of a type that is safe to show. Text is not among these, because other types pass for it.
func Sniff(path string, head []byte) Type {
	t, known := byName(path)
	if known || (len(head) == 0) {
		return t
	}
	sniffed, ok := bySniffing[http.DetectContentType(head)]
	if !ok {
		return t
	}
	return sniffed
}

// Playable reports whether media players play the file at path: video and audio, also what
// browsers do not play.
func Playable(path string) bool {
	kind := ByName(path).Kind
	return (kind == Video) || (kind == Audio)
}
