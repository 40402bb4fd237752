package peerwire

// An Order checks that a Bitfield, or HaveAll or HaveNone in its place, comes at most
// once and before the other messages, see
// https://www.bittorrent.org/beps/bep_0003.html#peer-messages and
// https://www.bittorrent.org/beps/bep_0006.html#have-all-have-none. Messages that say
// nothing about pieces may come before it, because many clients send their extension
// handshake first.
//
// The zero Order is for a connection on which nothing was received yet. Only one
// goroutine at a time may use an Order.
type Order struct {
	started bool // a message came after which no Bitfield may come
}

// Check records a message that was received. It returns a *ProtocolError if the message
// comes too late.
func (o *Order) Check(m Message) error {
	switch m.Kind {
	case KeepAlive, Extended, Port, Unknown:
		return nil
	case Bitfield, HaveAll, HaveNone:
		if o.started {
			return protocolErrorf(m.Kind, "came too late, must be the first message and come once")
		}
	}
	o.started = true
	return nil
}
