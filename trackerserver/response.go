package trackerserver

import (
	"bytes"
	"errors"
	"net/netip"
	"slices"
	"time"

	"github.com/shoal-bt/shoal/bencode"
	"github.com/shoal-bt/shoal/swarm"
)

// appendAnnounce writes x.reply as bencode into x.out. See
// https://www.bittorrent.org/beps/bep_0003.html#trackers for the answer,
// https://www.bittorrent.org/beps/bep_0007.html for peers6,
// https://www.bittorrent.org/beps/bep_0023.html for compact peers, and
// https://www.bittorrent.org/beps/bep_0024.html for external ip.
func (x *exchange) appendAnnounce(q *announceQuery, external netip.Addr) {
	r := &x.reply
	b := bencode.AppendDict(x.out[:0])
	b = appendNumber(b, "complete", r.Seeds)
	b = appendNumber(b, "downloaded", r.Completed)
	if external.IsValid() {
		b = bencode.AppendString(b, "external ip")
		if external.Is4() {
			a := external.As4()
			b = bencode.AppendBytes(b, a[:])
		} else {
			a := external.As16()
			b = bencode.AppendBytes(b, a[:])
		}
	}
	b = appendNumber(b, "incomplete", r.incomplete())
	b = appendNumber(b, "interval", inSeconds(r.Interval))
	if r.MinInterval > 0 {
		b = appendNumber(b, "min interval", inSeconds(r.MinInterval))
	}
	b = bencode.AppendString(b, "peers")
	if q.asDicts {
		b = appendDictPeers(b, r.Peers, !q.noPeerID)
	} else {
		x.packCompact()
		b = bencode.AppendBytes(b, x.compact[0])
		if len(x.compact[1]) > 0 {
			b = bencode.AppendString(b, "peers6")
			b = bencode.AppendBytes(b, x.compact[1])
		}
	}
	if r.TrackerID != "" {
		b = bencode.AppendString(b, "tracker id")
		b = bencode.AppendString(b, r.TrackerID)
	}
	if r.Warning != "" {
		b = bencode.AppendString(b, "warning message")
		b = bencode.AppendString(b, r.Warning)
	}
	x.out = bencode.AppendEnd(b)
}

// inSeconds returns an interval in seconds, rounded up, because 0 would mean that peers
// need not wait.
func inSeconds(d time.Duration) int { return int((d + time.Second - 1) / time.Second) }

func appendNumber(dst []byte, key string, n int) []byte {
	return bencode.AppendInt(bencode.AppendString(dst, key), int64(n))
}

// packCompact writes the peers in compact form into x.compact, by address family. See
// https://www.bittorrent.org/beps/bep_0023.html and, for IPv6,
// https://www.bittorrent.org/beps/bep_0007.html.
func (x *exchange) packCompact() {
	four, six := x.compact[0][:0], x.compact[1][:0]
	for i := range x.reply.Peers {
		addr := x.reply.Peers[i].Addr
		port := addr.Port()
		if a := addr.Addr().Unmap(); a.Is4() {
			ip := a.As4()
			four = append(append(four, ip[:]...), byte(port>>8), byte(port))
		} else {
			ip := a.As16()
			six = append(append(six, ip[:]...), byte(port>>8), byte(port))
		}
	}
	x.compact[0], x.compact[1] = four, six
}

// appendDictPeers writes peers as dictionaries, the form of
// https://www.bittorrent.org/beps/bep_0003.html#trackers.
func appendDictPeers(dst []byte, peers []Peer, withID bool) []byte {
	dst = bencode.AppendList(dst)
	for i := range peers {
		p := &peers[i]
		dst = bencode.AppendDict(dst)
		dst = bencode.AppendString(dst, "ip")
		dst = bencode.AppendString(dst, p.Addr.Addr().Unmap().String())
		if withID {
			dst = bencode.AppendString(dst, "peer id")
			dst = bencode.AppendBytes(dst, p.ID[:])
		}
		dst = appendNumber(dst, "port", int(p.Addr.Port()))
		dst = bencode.AppendEnd(dst)
	}
	return bencode.AppendEnd(dst)
}

// appendScrape writes x.counts as bencode into x.out, sorted by swarm, each swarm once.
// See https://www.bittorrent.org/beps/bep_0048.html#scrape-response.
func (x *exchange) appendScrape() {
	order := make([]int, len(x.ids))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(i, j int) int { return bytes.Compare(x.ids[i][:], x.ids[j][:]) })
	b := bencode.AppendDict(x.out[:0])
	b = bencode.AppendString(b, "files")
	b = bencode.AppendDict(b)
	var last swarm.ID
	for n, i := range order {
		id, c := x.ids[i], x.counts[i]
		if n > 0 && id == last {
			continue
		}
		last = id
		b = bencode.AppendBytes(b, id[:])
		b = bencode.AppendDict(b)
		b = appendNumber(b, "complete", c.Seeds)
		b = appendNumber(b, "downloaded", c.Completed)
		b = appendNumber(b, "downloaders", c.Leechers)
		b = appendNumber(b, "incomplete", c.incomplete())
		b = bencode.AppendEnd(b)
	}
	x.out = bencode.AppendEnd(bencode.AppendEnd(b))
}

// refusalOf returns err if it is a Refusal, and else a general one.
func refusalOf(err error) *Refusal {
	var r *Refusal
	if !errors.As(err, &r) {
		return errInternal
	}
	return r
}

// appendRefusal writes err as failure reason if it is a Refusal, and else a general one.
// See https://www.bittorrent.org/beps/bep_0003.html#trackers for failure reason and
// https://www.bittorrent.org/beps/bep_0031.html for retry in.
func appendRefusal(dst []byte, err error) []byte {
	r := refusalOf(err)
	dst = bencode.AppendDict(dst)
	dst = bencode.AppendString(dst, "failure reason")
	dst = bencode.AppendString(dst, r.Reason)
	switch {
	case r.RetryIn < 0:
		dst = bencode.AppendString(bencode.AppendString(dst, "retry in"), "never")
	case r.RetryIn > 0:
		// In minutes, rounded up.
		dst = appendNumber(dst, "retry in", int((r.RetryIn+time.Minute-1)/time.Minute))
	}
	return bencode.AppendEnd(dst)
}
