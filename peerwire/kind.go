package peerwire

import "fmt"

// A Kind says what a Message is. But for KeepAlive and Unknown it is the byte that
// goes on the wire.
type Kind uint8

// The messages of https://www.bittorrent.org/beps/bep_0003.html (section "peer
// messages"), bep_0005.html (Port), bep_0006.html (Suggest to AllowedFast) and
// bep_0010.html (Extended).
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
	// Cancel takes a Request back.
	Cancel Kind = 8
	// Port says at which UDP port the sender's node of the DHT is.
	Port Kind = 9
	// Suggest recommends a piece to the receiver.
	Suggest Kind = 13
	// HaveAll stands for a Bitfield of all pieces.
	HaveAll Kind = 14
	// HaveNone stands for a Bitfield of no pieces.
	HaveNone Kind = 15
	// Reject says that a Request will not be served.
	Reject Kind = 16
	// AllowedFast names a piece that the sender serves also while it chokes.
	AllowedFast Kind = 17
	// Extended carries a message of an extension.
	Extended Kind = 20

	// Unknown is any other message; its byte is in Message.ExtID.
	Unknown Kind = 0xfe
	// KeepAlive is the message without a byte.
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

// kindOf returns the kind of a message that begins with c.
func kindOf(c byte) Kind {
	if int(c) < len(kindNames) && kindNames[c] != "" {
		return Kind(c)
	}
	return Unknown
}

// fast reports whether k belongs to the fast extension.
func (k Kind) fast() bool {
	return k >= Suggest && k <= AllowedFast
}
