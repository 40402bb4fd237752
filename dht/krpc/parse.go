package krpc

import (
	"encoding/binary"
	"errors"
	"math"
	"net/netip"

	"github.com/shoal-bt/shoal/bencode"
	"github.com/shoal-bt/shoal/dht/nodeid"
)

// MaxDatagram is the length of a datagram that is read, in bytes. BEP 32 asks for 1,024,
// and values of BEP 44 may need some more.
const MaxDatagram = 2048

const (
	maxDepth  = 40   // of lists and dictionaries; an item may be nested
	maxTokens = 1500 // values and keys
	maxText   = 200  // bytes of an error's text that are kept
)

var errNoMessage = errors.New("dht: not a message")

// Parse reads a datagram. See the package comment for errors; with an *Error, Kind,
// Transaction, Method and ReadOnly are right.
func Parse(b []byte) (m Message, err error) {
	if len(b) > MaxDatagram {
		return m, errNoMessage
	}
	v, _, err := bencode.ScanPrefix(b, bencode.Options{Lenient: true, MaxDepth: maxDepth, MaxTokens: maxTokens})
	if err != nil || v.Kind() != bencode.Dict {
		return m, errNoMessage
	}
	var kind, method []byte
	var body, failure bencode.Value
	for key, v := range v.Dict() {
		switch string(key) {
		case "a", "r":
			if v.Kind() == bencode.Dict {
				body = v
			}
		case "e":
			failure = v
		case "ip":
			m.External = addrPort(v)
		case "q":
			method = text(v)
		case "ro":
			m.ReadOnly = flag(v)
		case "t":
			m.Transaction, err = v.Bytes()
		case "v":
			m.Version = text(v)
		case "y":
			kind = text(v)
		}
	}
	if err != nil || m.Transaction == nil || len(m.Transaction) > MaxTransaction {
		return m, errNoMessage
	}
	switch string(kind) {
	case "q":
		m.Kind, m.Method = Query, methodOf(method)
		return m, m.parseQuery(body)
	case "r":
		m.Kind = Response
		if !m.parseBody(body) {
			return m, errNoMessage
		}
		return m, nil
	case "e":
		m.Kind = Failure
		m.parseFailure(failure)
		return m, nil
	}
	return m, errNoMessage
}

func methodOf(name []byte) Method {
	for i, s := range methods {
		if s != "" && s == string(name) {
			return Method(i)
		}
	}
	return UnknownMethod
}

// parseQuery reads the arguments and checks that those are there which the method needs.
func (m *Message) parseQuery(body bencode.Value) error {
	if !m.parseBody(body) {
		return &Error{ProtocolError, "no id of 20 bytes"}
	}
	switch m.Method {
	case FindNode, GetPeers, Get, SampleInfohashes:
		if !m.HasTarget {
			return &Error{ProtocolError, "no target of 20 bytes"}
		}
	case AnnouncePeer:
		switch {
		case !m.HasTarget:
			return &Error{ProtocolError, "no info_hash of 20 bytes"}
		case m.Port == 0 && !m.ImpliedPort:
			return &Error{ProtocolError, "no port"}
		case len(m.Token) == 0:
			return &Error{ProtocolError, "no token"}
		}
	case Put:
		switch {
		case len(m.Token) == 0:
			return &Error{ProtocolError, "no token"}
		case m.Value == nil:
			return &Error{ProtocolError, "no value"}
		}
	}
	return nil
}

// parseBody reads arguments or results. It reports false if there is no id.
func (m *Message) parseBody(body bencode.Value) (hasID bool) {
	for key, v := range body.Dict() {
		switch string(key) {
		case "id":
			m.ID, hasID = id(v)
		case "target":
			m.parseTarget(v, FindNode, Get, SampleInfohashes, UnknownMethod)
		case "info_hash":
			m.parseTarget(v, GetPeers, AnnouncePeer, UnknownMethod)
		case "want":
			for w := range v.List() {
				switch string(text(w)) {
				case "n4":
					m.Want |= Want4
				case "n6":
					m.Want |= Want6
				}
			}
		case "token":
			m.Token = text(v)
		case "port":
			p, ok := integer(v)
			if ok && p > 0 && p <= math.MaxUint16 {
				m.Port = uint16(p)
			}
		case "implied_port":
			m.ImpliedPort = flag(v)
		case "seed":
			m.Seed = flag(v)
		case "noseed":
			m.NoSeed = flag(v)
		case "scrape":
			m.Scrape = flag(v)
		case "nodes":
			m.parseNodes(v, 4)
		case "nodes6":
			m.parseNodes(v, 16)
		case "values":
			m.parseValues(v)
		default:
			m.parseRare(string(key), v)
		}
	}
	return hasID
}

// parseRare reads the keys of BEP 33, 44 and 51.
func (m *Message) parseRare(key string, v bencode.Value) {
	switch key {
	case "BFsd":
		m.Seeds = filter(v)
	case "BFpe":
		m.Peers = filter(v)
	case "samples":
		b, err := v.Bytes()
		m.Sampled = err == nil
		m.Samples = b[:len(b)/20*20]
	case "num":
		m.Num, _ = integer(v)
		m.Num = max(m.Num, 0)
	case "interval":
		m.Interval, _ = integer(v)
		m.Interval = max(m.Interval, 0)
	case "v":
		m.Value = v.Raw()
	case "k":
		m.Key = exact(v, 32)
		if m.Key == nil {
			m.Key = []byte{} // a wrong key does not make an item immutable
		}
	case "sig":
		m.Sig = exact(v, 64)
	case "salt":
		m.Salt = text(v)
	case "seq":
		m.Seq, m.HasSeq = integer(v)
	case "cas":
		m.Cas, m.HasCas = integer(v)
	}
}

// parseTarget takes a target that belongs to the method. Answers have none.
func (m *Message) parseTarget(v bencode.Value, of ...Method) {
	for _, method := range of {
		if m.Kind == Query && m.Method == method {
			m.Target, m.HasTarget = id(v)
		}
	}
}

// parseNodes reads compact nodes (https://www.bittorrent.org/beps/bep_0005.html#contact-encoding).
func (m *Message) parseNodes(v bencode.Value, ipLen int) {
	b, err := v.Bytes()
	if err != nil {
		return
	}
	m.HasNodes = true
	nodes := ParseNodes(b, ipLen == 16)
	if len(m.Nodes) > 0 {
		nodes = append(m.Nodes, nodes...)
	}
	m.Nodes = nodes
}

// ParseNodes reads nodes, each an id with an address, one behind the other. Those that can
// be no nodes are left out.
func ParseNodes(b []byte, is6 bool) (all []Contact) {
	each := 26
	if is6 {
		each = 38
	}
	for ; len(b) >= each; b = b[each:] {
		a, ok := compact(b[20:each])
		if !ok {
			continue
		}
		if all == nil {
			all = make([]Contact, 0, len(b)/each)
		}
		all = append(all, Contact{nodeid.ID(b[:20]), a})
	}
	return all
}

// parseValues reads the list of peers, which may have both families
// (https://www.bittorrent.org/beps/bep_0032.html, "values"). Some programs send one string
// of all instead of a list.
func (m *Message) parseValues(v bencode.Value) {
	if v.Kind() == bencode.String {
		for b := text(v); len(b) >= 6; b = b[6:] {
			m.addValue(b[:6])
		}
		return
	}
	for each := range v.List() {
		m.addValue(text(each))
	}
}

func (m *Message) addValue(b []byte) {
	a, ok := compact(b)
	if ok {
		m.Values = append(m.Values, a)
	}
}

// parseFailure reads the code and the text of an error.
func (m *Message) parseFailure(v bencode.Value) {
	i := 0
	for each := range v.List() {
		switch i {
		case 0:
			code, _ := integer(each)
			m.Code = int(max(min(code, math.MaxInt16), 0))
		case 1:
			b := text(each)
			m.Text = string(b[:min(len(b), maxText)])
		}
		i++
	}
}

// compact reads an address of 6 or 18 bytes that a node or a peer can have.
func compact(b []byte) (a netip.AddrPort, ok bool) {
	if len(b) != 6 && len(b) != 18 {
		return a, false
	}
	ip, _ := netip.AddrFromSlice(b[:len(b)-2])
	ip = ip.Unmap()
	a = netip.AddrPortFrom(ip, binary.BigEndian.Uint16(b[len(b)-2:]))
	return a, IsUnicast(a)
}

// IsUnicast reports whether a node or a peer can have an address: it has a port, and is not that of
// a group or of all hosts.
func IsUnicast(a netip.AddrPort) bool {
	ip := a.Addr().Unmap()
	isBroadcast := ip == netip.AddrFrom4([4]byte{255, 255, 255, 255})
	return ip.IsValid() && a.Port() != 0 && !ip.IsUnspecified() && !ip.IsMulticast() && !isBroadcast
}

// addrPort reads the value of "ip"; the zero AddrPort if it is none. Some programs leave
// the port out.
func addrPort(v bencode.Value) netip.AddrPort {
	b := text(v)
	switch len(b) {
	case 4, 16:
		ip, _ := netip.AddrFromSlice(b)
		return netip.AddrPortFrom(ip.Unmap(), 0)
	case 6, 18:
		ip, _ := netip.AddrFromSlice(b[:len(b)-2])
		return netip.AddrPortFrom(ip.Unmap(), binary.BigEndian.Uint16(b[len(b)-2:]))
	}
	return netip.AddrPort{}
}

func id(v bencode.Value) (nodeid.ID, bool) {
	b := exact(v, 20)
	if b == nil {
		return nodeid.ID{}, false
	}
	return nodeid.ID(b), true
}

func filter(v bencode.Value) *[256]byte {
	b := exact(v, 256)
	if b == nil {
		return nil
	}
	f := [256]byte(b)
	return &f
}

// exact returns a string of n bytes; nil if v is none.
func exact(v bencode.Value, n int) []byte {
	b := text(v)
	if len(b) != n {
		return nil
	}
	return b
}

// text returns a string; nil if v is none.
func text(v bencode.Value) []byte {
	b, _ := v.Bytes()
	return b
}

func integer(v bencode.Value) (int64, bool) {
	i, err := v.Int()
	return i, err == nil
}

func flag(v bencode.Value) bool {
	i, _ := integer(v)
	return i != 0
}
