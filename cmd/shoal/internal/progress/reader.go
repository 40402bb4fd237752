package progress

import (
	"time"

	"github.com/shoal-bt/shoal/client"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/quantity"
)

// A Reader is somebody who reads a file while it is downloaded.
type Reader struct {
	client.ReaderStats
	Path   string // in the torrent
	Length int64  // of the file, in bytes
}

// hasRest reports whether everything from the offset to the end is held.
func (r Reader) hasRest() bool { return r.Offset+r.Buffered >= r.Length }

// slowest is the rate below which no time is shown for what is buffered, in bytes per second.
const slowest = 1000

// buffered says how much is held ahead of the one who reads fastest, such as a player beside others
// who look at the ends of files; empty if nobody reads.
func (v View) buffered() string {
	var fastest *Reader
	for i := range v.Readers {
		if fastest == nil || v.Readers[i].Rate > fastest.Rate {
			fastest = &v.Readers[i]
		}
	}
	switch {
	case fastest == nil:
		return ""
	case fastest.hasRest():
		return "buffered to the end"
	}
	text := "buffered " + quantity.Size(fastest.Buffered)
	if fastest.Rate >= slowest {
		text += " (" + quantity.Clock(time.Duration(float64(fastest.Buffered)/fastest.Rate*float64(time.Second))) + ")"
	}
	return text
}

// A ReaderObject is the JSON object of somebody who reads a file.
type ReaderObject struct {
	Path     string `json:"path"`
	Offset   int64  `json:"offset"`   // of the next byte that is read, in the file
	Buffered int64  `json:"buffered"` // bytes that are held from the offset on
	Ahead    int64  `json:"ahead"`    // bytes behind the offset that are asked for first
	Rate     int64  `json:"rate"`     // bytes per second at which the file is read
}

// readerObjects returns what programs get of those who read.
func (v View) readerObjects() (all []ReaderObject) {
	for _, r := range v.Readers {
		all = append(all, ReaderObject{r.Path, r.Offset, r.Buffered, r.Ahead, int64(r.Rate)})
	}
	return all
}
