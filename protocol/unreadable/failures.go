package unreadable

import "time"

// Failures are what could not be read of a torrent. It is not downloaded: only a check may say
// that a piece is missing, and content that is shared may not be written to.
type Failures struct {
	Pieces   Pieces
	Err      error // the last one of a check
	Checking bool  // pieces that could not be read are checked again
}

// None stands for the Failures of every torrent that has none. It is read and never written.
var None = &Failures{}

// NextDeadline returns when pieces are tried again; zero while some are checked again.
func (f *Failures) NextDeadline() time.Time {
	if f.Checking {
		return time.Time{}
	}
	return f.Pieces.Due()
}

// Own returns Failures of its own for a torrent that has None.
func (f *Failures) Own() *Failures {
	if f == None {
		return new(Failures)
	}
	return f
}
