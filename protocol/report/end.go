package report

// An End is why a connection ended.
type End uint8

// The ends of connections.
const (
	EndLost      End = iota // the peer or the network ended it
	EndTimeout              // the peer sent nothing for too long
	EndBroken               // the peer broke a rule of the protocol
	EndFlood                // the peer sent too much that changes nothing, or that nobody asked for
	EndBanned               // the peer sent wrong bytes, or a user banned it
	EndDuplicate            // the peer has another connection, which stays
	EndUseless              // both sides have everything
	EndIdle                 // neither side was interested in the other for long
	EndReplaced             // a new connection needed its place, and it was unused for longest
	EndRemoved              // a user asked for it
	EndStopped              // the torrent was paused or closed, or failed
)

// String returns the end in one word.
func (e End) String() string {
	return [...]string{"lost", "timeout", "broken", "flood", "banned", "duplicate", "useless", "idle", "replaced", "removed", "stopped"}[e]
}

// Harmless reports whether the connection was no longer needed, so that nothing was lost.
func (e End) Harmless() bool {
	switch e {
	case EndDuplicate, EndUseless, EndIdle, EndReplaced, EndRemoved, EndStopped:
		return true
	}
	return false
}
