package ending

import (
	"github.com/shoal-bt/shoal/protocol/addressbook"
	"github.com/shoal-bt/shoal/protocol/report"
)

// A reason is an error that ends connections, or for which they are refused.
type reason struct {
	text    string
	end     report.End          // of a connection
	refused addressbook.Outcome // of a dial whose connection we refuse
}

func (r *reason) Error() string { return r.text }

// Reasons for which a connection is refused, or makes way for another.
var (
	ErrDuplicate error = &reason{"second connection to the same peer", report.EndDuplicate, addressbook.Duplicate}
	ErrSelf      error = &reason{"connection to ourselves", report.EndLost, addressbook.Self}
	ErrFull      error = &reason{"too many connections", report.EndLost, addressbook.NoRoom}
	ErrCrowded   error = &reason{"too many connections of its address or network", report.EndLost, addressbook.Crowded}
	ErrRefused   error = &reason{"refused for a while, because a peer of this address flooded us", report.EndLost, addressbook.Failed}
	ErrGreeted   error = &reason{"it was said that we have no piece, and there are too many to name", report.EndLost, addressbook.NoRoom}
)

// Reasons for which a connection ends.
var (
	ErrPaused   error = &reason{"the torrent is paused", report.EndStopped, addressbook.NoRoom}
	ErrSwitched error = &reason{"the torrent is private, and another tracker answers now", report.EndStopped, addressbook.NoRoom}
	ErrRemoved  error = &reason{"removed on request", report.EndRemoved, addressbook.Failed}
	ErrUseless  error = &reason{"neither side has what the other wants", report.EndUseless, addressbook.Failed}
	ErrLied     error = &reason{"sent wrong bytes", report.EndBanned, addressbook.Failed}
	ErrBanned   error = &reason{"banned on request", report.EndBanned, addressbook.Failed}
	ErrTimeout  error = &reason{"silent for too long", report.EndTimeout, addressbook.Failed}
	ErrIdle     error = &reason{"no interest on either side", report.EndIdle, addressbook.Failed}
	ErrFlood    error = &reason{"sends too much that changes nothing", report.EndFlood, addressbook.Failed}
)
