package subtitle

import (
	"errors"
	"io"
)

// MaxSize is how long a file may be that Convert reads, in bytes. Two hours of speech are a
// hundredth of it.
const MaxSize = 8 << 20

// ContentType is that of WebVTT.
const ContentType = "text/vtt; charset=utf-8"

// Convert reads SubRip from r and writes it to w as WebVTT. What is no cue is left out, so any
// input makes valid WebVTT. It returns the first error of r or w, and one if the input is longer
// than MaxSize, when the cues up to there are written.
func Convert(w io.Writer, r io.Reader) error { return errors.New("subtitle: not built") }
