package message

import (
	"bytes"
	"encoding/hex"
	"errors"
	"strconv"
	"strings"

	"github.com/shoal-bt/shoal/swarm"
)

// MaxSize is the largest size of a datagram, in bytes, written or read. BEP 14 names it,
// because larger ones may be split on the way.
const MaxSize = 1400

// A Message says that a peer accepts connections for some swarms.
type Message struct {
	Host   string // the group and port that it is sent to; not read
	Port   uint16 // where the peer accepts connections over TCP; not 0
	Swarms []swarm.ID
	Cookie string // by which the sender knows its own messages; empty for none

	// Ignored is the number of header lines that Parse left out because they are not valid.
	Ignored int
}

var (
	errTooLarge = errors.New("the datagram is larger than 1,400 bytes")
	errNoSearch = errors.New("the datagram does not begin with BT-SEARCH * HTTP/1")
	errNoPort   = errors.New("the datagram has no valid Port")
	errNoSwarm  = errors.New("the datagram has no valid Infohash")
)

// AppendTo appends the message to dst. The result for one swarm is shorter than the 200
// bytes that Transmission 3.00 reads, if the cookie has at most 16 bytes.
func (m Message) AppendTo(dst []byte) []byte {
	dst = append(dst, "BT-SEARCH * HTTP/1.1\r\nHost: "...)
	dst = append(dst, m.Host...)
	dst = append(dst, "\r\nPort: "...)
	dst = strconv.AppendUint(dst, uint64(m.Port), 10)
	for _, id := range m.Swarms {
		dst = append(dst, "\r\nInfohash: "...)
		dst = hex.AppendEncode(dst, id[:])
	}
	if m.Cookie != "" {
		dst = append(dst, "\r\ncookie: "...)
		dst = append(dst, m.Cookie...)
	}
	return append(dst, "\r\n\r\n\r\n"...)
}

// Fit returns how many swarms of a message with its Host, Port and Cookie fit into MaxSize.
func (m Message) Fit() int {
	m.Swarms = nil
	const line = len("\r\nInfohash: ") + 2*len(swarm.ID{})
	return max(0, (MaxSize-len(m.AppendTo(nil)))/line)
}

// Parse reads a message. Names of headers may be in upper or lower case, and lines may end
// without a carriage return. Of several ports the first valid one counts. Headers that are
// not known, and swarms that are not valid, are ignored. The error says what is missing.
func Parse(b []byte) (m Message, err error) {
	if len(b) > MaxSize {
		return Message{}, errTooLarge
	}
	line, rest, _ := bytes.Cut(b, []byte("\n"))
	if !isSearch(line) {
		return Message{}, errNoSearch
	}
	for len(rest) > 0 {
		line, rest, _ = bytes.Cut(rest, []byte("\n"))
		line = bytes.TrimSpace(line)
		if len(line) == 0 {
			break
		}
		name, value, isHeader := bytes.Cut(line, []byte(":"))
		if !isHeader || !m.take(string(bytes.TrimSpace(name)), bytes.TrimSpace(value)) {
			m.Ignored++
		}
	}
	switch {
	case m.Port == 0:
		return Message{}, errNoPort
	case len(m.Swarms) == 0:
		return Message{}, errNoSwarm
	}
	return m, nil
}

// isSearch reports whether a line is the first one of an announce, of any minor version.
func isSearch(line []byte) bool {
	fields := bytes.Fields(line)
	return len(fields) == 3 &&
		bytes.EqualFold(fields[0], []byte("BT-SEARCH")) &&
		string(fields[1]) == "*" &&
		len(fields[2]) > len("HTTP/1.") && bytes.EqualFold(fields[2][:len("HTTP/1.")], []byte("HTTP/1."))
}

// take takes in a header. It reports false if the header is not valid.
func (m *Message) take(name string, value []byte) bool {
	switch {
	case strings.EqualFold(name, "Infohash"):
		var id swarm.ID
		if len(value) != hex.EncodedLen(len(id)) {
			return false
		}
		_, err := hex.Decode(id[:], value)
		if err != nil {
			return false
		}
		m.Swarms = append(m.Swarms, id)
	case strings.EqualFold(name, "Port"):
		port, err := strconv.ParseUint(string(value), 10, 16)
		if err != nil || port == 0 || m.Port != 0 {
			return false
		}
		m.Port = uint16(port)
	case strings.EqualFold(name, "cookie"):
		m.Cookie = string(value)
	}
	return true
}
