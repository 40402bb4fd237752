package peerwire

// An Order checks the one rule about order in BEP 3: what a peer has at the start,
// a Bitfield or in its place HaveAll or HaveNone, comes at most once and ahead of
// the other messages. What says nothing about pieces may come before it, as many
// clients send their extension handshake first.
//
// The zero Order is for a connection on which nothing was received yet. It may not
// be used by several goroutines at once.
type Order struct {
	started bool
}

// Check takes note of a message that was received. It returns a *ProtocolError if
// the message comes too late.
func (o *Order) Check(m Message) error {
	switch m.Kind {
	case KeepAlive, Extended, Port, Unknown:
		return nil
	case Bitfield, HaveAll, HaveNone:
		if o.started {
			return protocolErrorf(m.Kind, "must come first, and once")
		}
	}
	o.started = true
	return nil
}
