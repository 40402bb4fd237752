package krpc

import (
	"fmt"
	"net/netip"

	"github.com/shoal-bt/shoal/dht/nodeid"
)

// MaxTransaction is the length of a transaction id that is accepted, in bytes. Programs
// use 1 to 20.
const MaxTransaction = 32

// A Kind is one of the three kinds of messages.
type Kind uint8

// The kinds.
const (
	Query Kind = iota + 1
	Response
	Failure // "e"
)

// A Method is what a query asks for. UnknownMethod stands for all others.
type Method uint8

// The methods.
const (
	UnknownMethod Method = iota
	Ping
	FindNode
	GetPeers
	AnnouncePeer
	Get              // BEP 44
	Put              // BEP 44
	SampleInfohashes // BEP 51
)

var methods = [...]string{
	Ping:             "ping",
	FindNode:         "find_node",
	GetPeers:         "get_peers",
	AnnouncePeer:     "announce_peer",
	Get:              "get",
	Put:              "put",
	SampleInfohashes: "sample_infohashes",
}

// String returns the method's name in messages.
func (m Method) String() string {
	if m == UnknownMethod || int(m) >= len(methods) {
		return "unknown"
	}
	return methods[m]
}

// A Want says which families of nodes the answer should have
// (https://www.bittorrent.org/beps/bep_0032.html, "want").
type Want uint8

// The families. Zero means that of the datagram.
const (
	Want4 Want = 1 << iota
	Want6
)

// A Contact is a node: its id and where it is reached.
type Contact struct {
	ID   nodeid.ID
	Addr netip.AddrPort // never an IPv4 address in IPv6
}

// A Message is one datagram. The zero value of a field means that its key is missing,
// unless its comment says otherwise. Slices of a parsed one point into the datagram.
type Message struct {
	Kind        Kind
	Transaction []byte
	Method      Method         // of a query
	Version     []byte         // of the program
	External    netip.AddrPort // the receiver's address as the sender sees it (BEP 42)
	ReadOnly    bool           // the sender answers no queries (BEP 43)
	ID          nodeid.ID      // of the sender

	Target      nodeid.ID // of find_node, get, sample_infohashes, get_peers and announce_peer ("info_hash")
	HasTarget   bool
	Want        Want
	Token       []byte
	Port        uint16
	ImpliedPort bool // the sender's port counts instead of Port
	Seed        bool // BEP 33
	NoSeed      bool // BEP 33
	Scrape      bool // BEP 33

	Nodes    []Contact        // of either family
	HasNodes bool             // "nodes" or "nodes6" is there, also if it is empty
	Values   []netip.AddrPort // peers
	Seeds    *[256]byte       // "BFsd" (BEP 33); not shared with the datagram
	Peers    *[256]byte       // "BFpe"
	Samples  []byte           // hashes of 20 bytes each (BEP 51)
	Num      int64            // hashes that are stored (BEP 51)
	Interval int64            // until other samples are there, in seconds (BEP 51)
	Sampled  bool             // "samples" is there, also if it is empty

	Value  []byte // "v" of an item, encoded (BEP 44)
	Key    []byte // 32 bytes; empty and not nil if the message has a wrong one
	Sig    []byte // 64 bytes
	Salt   []byte
	Seq    int64
	HasSeq bool
	Cas    int64
	HasCas bool

	Code int    // of a Failure
	Text string // of a Failure
}

// The codes of https://www.bittorrent.org/beps/bep_0005.html#errors and
// https://www.bittorrent.org/beps/bep_0044.html, "Errors".
const (
	GenericError  = 201
	ServerError   = 202
	ProtocolError = 203
	MethodUnknown = 204
	ValueTooBig   = 205
	BadSignature  = 206
	SaltTooBig    = 207
	CasMismatch   = 301
	SeqTooLow     = 302
)

// An Error is what is wrong with a query, as the answer to its sender says it.
type Error struct {
	Code int
	Text string
}

func (e *Error) Error() string { return fmt.Sprintf("dht: error %d: %s", e.Code, e.Text) }
