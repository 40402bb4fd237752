package requests

import "github.com/shoal-bt/shoal/peerwire"

// MayFollow reports whether more can be requested of a peer after a message of a kind. If
// not, the picker need not be asked, which costs more than the message. After a Reject it is
// asked if a request was rejected.
func MayFollow(k peerwire.Kind) bool {
	switch k {
	case peerwire.KeepAlive, peerwire.Interested, peerwire.NotInterested, peerwire.Request,
		peerwire.Cancel, peerwire.Port, peerwire.Unknown, peerwire.Reject:
		return false
	}
	return true
}
