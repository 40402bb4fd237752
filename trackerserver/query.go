package trackerserver

import (
	"net/netip"
	"strconv"
	"strings"

	"github.com/shoal-bt/shoal/swarm"
)

// What an announce or scrape may be refused for. They are made once, so that
// refusing costs no more than answering.
var (
	errQueryLong  = &Refusal{Reason: "the query is too long"}
	errNoSwarm    = &Refusal{Reason: "info_hash is missing"}
	errBadSwarm   = &Refusal{Reason: "info_hash is not 20 bytes, percent-encoded"}
	errNoPeer     = &Refusal{Reason: "peer_id is missing"}
	errBadPeer    = &Refusal{Reason: "peer_id is not 20 bytes, percent-encoded"}
	errBadPort    = &Refusal{Reason: "port is missing or not a port"}
	errManySwarms = &Refusal{Reason: "the scrape names too many swarms"}
	errNoAddress  = &Refusal{Reason: "your address is not known"}
	errNotAllowed = &Refusal{Reason: "the torrent is not registered here"}
	errFull       = &Refusal{Reason: "the tracker is full"}
	errInternal   = &Refusal{Reason: "something is wrong with the tracker"}
)

// An announceQuery is the query of an announce, checked.
type announceQuery struct {
	swarm      swarm.ID
	peer       swarm.PeerID
	port       uint16
	event      swarm.Event
	uploaded   int64
	downloaded int64
	left       int64 // -1 for unknown
	want       int   // -1 for not named
	ip         netip.Addr
	asDicts    bool // peers as dictionaries, not compact
	noPeerID   bool // these without peer id
}

// parseAnnounce reads the query of an announce. It allocates nothing, but for the
// parameter ip. Of a parameter that is there twice the first counts. Traffic and
// counts that make no sense are taken as not known: what a client says of them
// proves nothing, and no swarm is the worse for it.
//
// See https://www.bittorrent.org/beps/bep_0003.html#trackers, and BEP 23 for
// compact, which is what is answered unless it is declined.
func parseAnnounce(query string) (announceQuery, error) {
	if len(query) > maxQuery {
		return announceQuery{}, errQueryLong
	}
	q := announceQuery{left: -1, want: -1}
	var hasSwarm, hasPeer, hasPort bool
	for query != "" {
		var key, value string
		key, value, query = cutPair(query)
		switch key {
		case "info_hash":
			if !hasSwarm && !unescapeInto(q.swarm[:], value) {
				return announceQuery{}, errBadSwarm
			}
			hasSwarm = true
		case "peer_id":
			if !hasPeer && !unescapeInto(q.peer[:], value) {
				return announceQuery{}, errBadPeer
			}
			hasPeer = true
		case "port":
			n, ok := parseNumber(value)
			if !ok || n > 65535 {
				return announceQuery{}, errBadPort
			}
			if !hasPort {
				q.port = uint16(n)
			}
			hasPort = true
		case "event":
			q.event = parseEvent(value)
		case "uploaded":
			q.uploaded, _ = parseNumber(value)
		case "downloaded":
			q.downloaded, _ = parseNumber(value)
		case "left":
			if n, ok := parseNumber(value); ok {
				q.left = n
			}
		case "numwant":
			if n, ok := parseNumber(value); ok {
				q.want = int(min(n, 1<<30))
			}
		case "ip":
			q.ip = parseIP(value)
		case "compact":
			q.asDicts = value == "0"
		case "no_peer_id":
			q.noPeerID = value == "1"
		}
	}
	switch {
	case !hasSwarm:
		return announceQuery{}, errNoSwarm
	case !hasPeer:
		return announceQuery{}, errNoPeer
	case !hasPort:
		return announceQuery{}, errBadPort
	}
	return q, nil
}

// parseScrape appends to dst the swarms that the query of a scrape names, at most
// limit.
func parseScrape(dst []swarm.ID, query string, limit int) ([]swarm.ID, error) {
	if len(query) > maxQuery {
		return dst, errQueryLong
	}
	for query != "" {
		var key, value string
		key, value, query = cutPair(query)
		if key != "info_hash" {
			continue
		}
		if len(dst) == limit {
			return dst, errManySwarms
		}
		var id swarm.ID
		if !unescapeInto(id[:], value) {
			return dst, errBadSwarm
		}
		dst = append(dst, id)
	}
	if len(dst) == 0 {
		return dst, errNoSwarm
	}
	return dst, nil
}

// cutPair takes the first key and value off a query, still escaped.
func cutPair(query string) (key, value, rest string) {
	pair, rest, _ := strings.Cut(query, "&")
	key, value, _ = strings.Cut(pair, "=")
	return key, value, rest
}

// unescapeInto writes s, unescaped, into dst, and reports whether it fits exactly.
// A plus sign is a space, as it is in forms and as some clients write it.
func unescapeInto(dst []byte, s string) bool {
	n := 0
	for i := 0; i < len(s); i++ {
		if n == len(dst) {
			return false
		}
		c := s[i]
		switch c {
		case '+':
			c = ' '
		case '%':
			if i+2 >= len(s) {
				return false
			}
			high, low := unhex(s[i+1]), unhex(s[i+2])
			if high > 15 || low > 15 {
				return false
			}
			c = high<<4 | low
			i += 2
		}
		dst[n] = c
		n++
	}
	return n == len(dst)
}

// unhex returns the value of a hexadecimal digit, and 255 for anything else.
func unhex(c byte) byte {
	switch {
	case '0' <= c && c <= '9':
		return c - '0'
	case 'a' <= c && c <= 'f':
		return c - 'a' + 10
	case 'A' <= c && c <= 'F':
		return c - 'A' + 10
	}
	return 255
}

// parseNumber reads a number that is not negative.
func parseNumber(s string) (int64, bool) {
	if len(s) == 0 || len(s) > 19 || s[0] < '0' || s[0] > '9' {
		return 0, false
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return 0, false
	}
	return n, true
}

// parseEvent reads an event. Those of later BEPs, such as paused (BEP 21), count
// as none: the peer is there.
func parseEvent(s string) swarm.Event {
	switch s {
	case "started":
		return swarm.Started
	case "completed":
		return swarm.Completed
	case "stopped":
		return swarm.Stopped
	}
	return swarm.None
}

// parseIP reads an address, escaped or not, and returns the zero Addr for what is
// none that a peer could have. A DNS name is not resolved.
func parseIP(s string) netip.Addr {
	if len(s) > 3*64 {
		return netip.Addr{}
	}
	a, err := netip.ParseAddr(strings.NewReplacer("%3A", ":", "%3a", ":").Replace(s))
	if err != nil || a.Zone() != "" || a.IsUnspecified() || a.IsMulticast() {
		return netip.Addr{}
	}
	return a.Unmap()
}
