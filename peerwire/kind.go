package peerwire

import "fmt"

// A Kind is the type of a Message. It is the byte on the wire, except for KeepAlive and
// Unknown.
type Kind uint8

// The kinds of messages. Those without a link are defined by
// https://www.bittorrent.org/beps/bep_0003.html#peer-messages.
const (
	// Choke says that the sender will not serve requests.
	Choke Kind = 0
	// Unchoke says that the sender will serve requests.
	Unchoke Kind = 1
	// Interested says that the sender wants a piece that the receiver has.
	Interested Kind = 2
	// NotInterested says that the sender wants no piece of the receiver.
	NotInterested Kind = 3
	// Have says that the sender has a piece.
	Have Kind = 4
	// Bitfield says which pieces the sender has.
	Bitfield Kind = 5
	// Request asks for a block.
	Request Kind = 6
	// Piece carries a block.
	Piece Kind = 7
	// Cancel withdraws a Request.
	Cancel Kind = 8
	// Port is the UDP port of the sender's DHT node,
	// https://www.bittorrent.org/beps/bep_0005.html#bittorrent-protocol-extension.
	Port Kind = 9
	// Suggest recommends a piece to the receiver,
	// https://www.bittorrent.org/beps/bep_0006.html#suggest-piece.
	Suggest Kind = 13
	// HaveAll stands for a Bitfield of all pieces,
	// https://www.bittorrent.org/beps/bep_0006.html#have-all-have-none.
	HaveAll Kind = 14
	// HaveNone stands for a Bitfield of no pieces,
	// https://www.bittorrent.org/beps/bep_0006.html#have-all-have-none.
	HaveNone Kind = 15
	// Reject says that a Request will not be served,
	// https://www.bittorrent.org/beps/bep_0006.html#reject-request.
	Reject Kind = 16
	// AllowedFast names a piece that the sender serves even while it chokes,
	// https://www.bittorrent.org/beps/bep_0006.html#allowed-fast.
	AllowedFast Kind = 17
	// Extended carries a message of an extension,
	// https://www.bittorrent.org/beps/bep_0010.html.
	Extended Kind = 20

	// Unknown is any other message; its byte is in Message.ExtID.
	Unknown Kind = 0xfe
	// KeepAlive is the message of length 0,
	// https://www.bittorrent.org/beps/bep_0003.html#peer-protocol.
	KeepAlive Kind = 0xff
)

// String returns the name of the kind, such as "not interested".
func (k Kind) String() string {
	if int(k) < len(kindNames) && kindNames[k] != "" {
		return kindNames[k]
	}
	switch k {
	case Unknown:
		return "unknown message"
	case KeepAlive:
		return "keep-alive"
	}
	return fmt.Sprintf("message %d", uint8(k))
}

var kindNames = [...]string{
	Choke:         "choke",
	Unchoke:       "unchoke",
	Interested:    "interested",
	NotInterested: "not interested",
	Have:          "have",
	Bitfield:      "bitfield",
	Request:       "request",
	Piece:         "piece",
	Cancel:        "cancel",
	Port:          "port",
	Suggest:       "suggest",
	HaveAll:       "have all",
	HaveNone:      "have none",
	Reject:        "reject",
	AllowedFast:   "allowed fast",
	Extended:      "extended",
}

// kindOf returns the kind of a message whose first byte is c.
func kindOf(c byte) Kind {
	if int(c) < len(kindNames) && kindNames[c] != "" {
		return Kind(c)
	}
	return Unknown
}

// fast reports whether k belongs to the fast extension,
// https://www.bittorrent.org/beps/bep_0006.html.
func (k Kind) fast() bool {
	return k >= Suggest && k <= AllowedFast
}
