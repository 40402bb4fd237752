package trackerserver

import (
	"net/netip"
	"strconv"
	"strings"

	"github.com/shoal-bt/shoal/swarm"
)

// Refusals of announces and scrapes. They are made once, so that refusing allocates
// nothing.
var (
	errQueryLong  = &Refusal{Reason: "the query is too long"}
	errNoSwarm    = &Refusal{Reason: "info_hash is missing"}
	errBadSwarm   = &Refusal{Reason: "info_hash is not 20 bytes, percent-encoded"}
	errNoPeer     = &Refusal{Reason: "peer_id is missing"}
	errBadPeer    = &Refusal{Reason: "peer_id is not 20 bytes, percent-encoded"}
	errBadPort    = &Refusal{Reason: "port is missing or not a port"}
	errManySwarms = &Refusal{Reason: "the scrape names too many swarms"}
	errNoAddress  = &Refusal{Reason: "your address is unknown to the tracker"}
	errNotAllowed = &Refusal{Reason: "the torrent is not registered here"}
	errFull       = &Refusal{Reason: "the tracker is full"}
	errInternal   = &Refusal{Reason: "something is wrong with the tracker"}
)

// An announceQuery is a valid query of an announce.
type announceQuery struct {
	swarm       swarm.ID
	peer        swarm.PeerID
	port        uint16
	event       swarm.Event
	partialSeed bool
	uploaded    int64
	downloaded  int64
	left        int64 // -1 if unknown
	want        int   // -1 if missing
	ip          netip.Addr
	asDicts     bool // peers as dictionaries, not compact
	noPeerID    bool // dictionaries without peer id
}

// parseAnnounce reads the query of an announce. It allocates only for the parameter ip.
// If info_hash, peer_id or port is repeated, the first counts. Traffic and counts that
// are not valid are taken as unknown, because they prove nothing anyway.
//
// See https://www.bittorrent.org/beps/bep_0003.html#trackers for the parameters and
// https://www.bittorrent.org/beps/bep_0023.html for compact: the answer is compact
// unless the peer declines it.
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
			if !hasPort && (!ok || n > 65535) {
				return announceQuery{}, errBadPort
			}
			if !hasPort {
				q.port = uint16(n)
			}
			hasPort = true
		case "event":
			q.event, q.partialSeed = parseEvent(value)
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

// parseScrape appends the swarms in the query of a scrape to dst, at most limit. It
// ignores those that are not valid, unless all are. See
// https://www.bittorrent.org/beps/bep_0048.html#scrape-request.
func parseScrape(dst []swarm.ID, query string, limit int) ([]swarm.ID, error) {
	if len(query) > maxQuery {
		return dst, errQueryLong
	}
	bad := false
	for query != "" {
		var key, value string
		key, value, query = cutPair(query)
		if key != "info_hash" {
			continue
		}
		var id swarm.ID
		if !unescapeInto(id[:], value) {
			bad = true
			continue
		}
		if len(dst) == limit {
			return dst, errManySwarms
		}
		dst = append(dst, id)
	}
	switch {
	case len(dst) > 0:
	case bad:
		return dst, errBadSwarm
	default:
		return dst, errNoSwarm
	}
	return dst, nil
}

// cutPair cuts the first key and value from a query. Both are still escaped.
func cutPair(query string) (key, value, rest string) {
	pair, rest, _ := strings.Cut(query, "&")
	key, value, _ = strings.Cut(pair, "=")
	return key, value, rest
}

// unescapeInto writes s, unescaped, into dst and reports whether it fits exactly. A plus
// sign is a space, as in HTML forms, because some clients write it so.
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

// parseEvent reads an event. The event paused is that of a partial seed:
// https://www.bittorrent.org/beps/bep_0021.html. Unknown events count as none, because the
// peer is still in the swarm.
func parseEvent(s string) (e swarm.Event, partialSeed bool) {
	switch s {
	case "started":
		return swarm.Started, false
	case "completed":
		return swarm.Completed, false
	case "stopped":
		return swarm.Stopped, false
	case "paused":
		return swarm.None, true
	}
	return swarm.None, false
}

// parseIP reads an address, escaped or not. It returns the zero Addr if s is not the
// address of a peer. It does not resolve DNS names.
func parseIP(s string) netip.Addr {
	if len(s) > 3*64 {
		return netip.Addr{}
	}
	a, err := netip.ParseAddr(strings.NewReplacer("%3A", ":", "%3a", ":").Replace(s))
	if err != nil || a.Zone() != "" || !isPeerAddr(a) {
		return netip.Addr{}
	}
	return a.Unmap()
}

// isPeerAddr reports whether a can be the address of a peer.
func isPeerAddr(a netip.Addr) bool { return !a.IsUnspecified() && !a.IsMulticast() }
