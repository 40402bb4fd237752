package httptracker

import (
	"fmt"
	"net/netip"
	"strconv"

	"github.com/shoal-bt/shoal/swarm"
	"github.com/shoal-bt/shoal/swarm/announceurl"
)

// unknownLeft is sent if the number of bytes left is not known. It must not be 0,
// because trackers count a peer with 0 bytes left as a seed.
const unknownLeft = swarm.BlockLen

// noPort is sent if we accept no connections. Many trackers refuse port 0, and nobody
// listens on port 1.
const noPort = 1

// An announceQuery has the parameters of an announce.
type announceQuery struct {
	a         swarm.Announcement
	event     swarm.Event // in place of that of a
	want      int
	key       uint32
	ip        netip.Addr
	trackerID string // as the tracker sent it; empty for none
	params    string // of Config.Params, percent-encoded; empty for none
}

// String returns the query, percent-encoded. See
// https://www.bittorrent.org/beps/bep_0003.html#trackers for the parameters,
// https://www.bittorrent.org/beps/bep_0007.html for key, and
// https://www.bittorrent.org/beps/bep_0023.html for compact.
func (q announceQuery) String() string {
	a := q.a
	b := make([]byte, 0, 400)
	b = announceurl.AppendEscaped(append(b, "info_hash="...), string(a.Swarm[:]))
	b = announceurl.AppendEscaped(append(b, "&peer_id="...), string(a.Peer[:]))
	port := a.Port
	if port == 0 {
		port = noPort
	}
	left := a.Left
	if left < 0 {
		left = unknownLeft
	}
	for _, p := range []struct {
		key   string
		value int64
	}{
		{"&port=", int64(port)},
		{"&uploaded=", max(a.Uploaded, 0)},
		{"&downloaded=", max(a.Downloaded, 0)},
		{"&left=", left},
		{"&compact=", 1},
		{"&no_peer_id=", 1},
		{"&numwant=", int64(max(q.want, 0))},
	} {
		b = strconv.AppendInt(append(b, p.key...), p.value, 10)
	}
	b = fmt.Appendf(b, "&key=%08X", q.key)
	if q.event != swarm.None {
		b = append(append(b, "&event="...), q.event.String()...)
	}
	if q.ip.IsValid() {
		b = announceurl.AppendEscaped(append(b, "&ip="...), q.ip.String())
	}
	if q.trackerID != "" {
		b = announceurl.AppendEscaped(append(b, "&trackerid="...), q.trackerID)
	}
	if q.params != "" {
		b = append(append(b, '&'), q.params...)
	}
	return string(b)
}

// scrapeQuery returns the query that asks for ids, one info_hash each. See
// https://www.bittorrent.org/beps/bep_0048.html#scrape-request.
func scrapeQuery(ids []swarm.ID) string {
	b := make([]byte, 0, 72*len(ids))
	for i, id := range ids {
		if i > 0 {
			b = append(b, '&')
		}
		b = announceurl.AppendEscaped(append(b, "info_hash="...), string(id[:]))
	}
	return string(b)
}
