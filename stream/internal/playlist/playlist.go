package playlist

import (
	"errors"
	"io"
	"iter"
)

// The content types of both kinds. The text is in UTF-8, because players try that first.
const (
	ContentTypeM3U8 = "application/vnd.apple.mpegurl; charset=utf-8"
	ContentTypeM3U  = "audio/x-mpegurl; charset=utf-8"
)

// An Item is an entry of a playlist.
type Item struct {
	Title string // as a torrent has it; Write makes it safe
	URL   string // absolute
}

// Write writes a playlist with a title of its own. It returns the first error of w.
func Write(w io.Writer, title string, items iter.Seq[Item]) error {
	return errors.New("playlist: not built")
}
