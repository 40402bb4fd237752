package httptracker

import (
	"bytes"
	"fmt"
	"math"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/shoal-bt/shoal/bencode"
	"github.com/shoal-bt/shoal/swarm"
)

// An announceResponse is a tracker's answer to an announce, after checks.
type announceResponse struct {
	interval    time.Duration // 0 if missing, like the next
	minInterval time.Duration
	seeds       int // -1 if missing, like the next two
	leechers    int
	completed   int
	external    netip.Addr
	warning     string // as received
	trackerID   string
	peers       []swarm.Address
}

// parseAnnounce reads the answer to an announce and takes at most maxPeers addresses.
// The answer to Stopped need have neither interval nor peers. The error may be a
// *FailureError, whose reason is as received.
//
// See https://www.bittorrent.org/beps/bep_0003.html#trackers for the answer,
// https://www.bittorrent.org/beps/bep_0007.html for peers6,
// https://www.bittorrent.org/beps/bep_0023.html for compact peers, and
// https://www.bittorrent.org/beps/bep_0024.html for external ip.
func parseAnnounce(body []byte, maxPeers int, stopped bool) (announceResponse, error) {
	v, err := parseDict(body)
	if err != nil {
		return announceResponse{}, err
	}
	r := announceResponse{
		interval:    seconds(v, "interval"),
		minInterval: seconds(v, "min interval"),
		seeds:       count(v, "complete"),
		leechers:    count(v, "incomplete"),
		completed:   count(v, "downloaded"),
	}
	if b, err := v.GetBytes("external ip"); err == nil {
		if a, ok := netip.AddrFromSlice(b); ok && !a.IsUnspecified() {
			r.external = a.Unmap()
		}
	}
	if b, err := v.GetBytes("warning message"); err == nil {
		r.warning = string(b)
	}
	if b, err := v.GetBytes("tracker id"); err == nil && len(b) <= 512 {
		r.trackerID = string(b)
	}
	_, hasInterval := v.Get("interval")
	peers, hasPeers := v.Get("peers")
	peers6, hasPeers6 := v.Get("peers6")
	if !hasInterval && !hasPeers && !hasPeers6 && !stopped {
		return announceResponse{}, &ResponseError{Reason: "the answer has neither an interval nor peers"}
	}
	if hasPeers {
		if r.peers, err = appendPeers(r.peers, peers, 4, maxPeers); err != nil {
			return announceResponse{}, &ResponseError{Reason: "peers", Err: err}
		}
	}
	if hasPeers6 {
		if r.peers, err = appendPeers(r.peers, peers6, 16, maxPeers); err != nil {
			return announceResponse{}, &ResponseError{Reason: "peers6", Err: err}
		}
	}
	return r, nil
}

// parseDict reads an answer, which must be a dictionary. If it has a failure reason,
// that is the error.
func parseDict(body []byte) (bencode.Value, error) {
	// Some trackers do not sort keys. Answers served from files may end with a
	// line break.
	v, rest, err := bencode.ScanPrefix(body, bencode.Options{Lenient: true})
	switch {
	case err != nil && looksLikeHTML(body):
		return v, &ResponseError{Reason: "the answer is a web page; check the tracker's URL"}
	case err != nil:
		return v, &ResponseError{Reason: "the answer is not valid bencode", Err: err}
	case len(bytes.TrimSpace(rest)) > 0:
		return v, &ResponseError{Reason: "the answer is followed by more data"}
	case v.Kind() != bencode.Dict:
		return v, &ResponseError{Reason: "the answer is " + v.Kind().String() + ", want a dictionary"}
	}
	if reason, ok := v.Get("failure reason"); ok {
		text, err := reason.Bytes()
		if err != nil {
			return v, &ResponseError{Reason: "failure reason", Err: err}
		}
		return v, &FailureError{Reason: string(text), RetryIn: retryIn(v)}
	}
	return v, nil
}

func looksLikeHTML(body []byte) bool {
	return bytes.HasPrefix(bytes.TrimSpace(body), []byte("<"))
}

// retryIn reads "retry in": a number of minutes, or never. It returns 0 if the key is
// missing or invalid, and -1 for never. See
// https://www.bittorrent.org/beps/bep_0031.html.
func retryIn(v bencode.Value) time.Duration {
	if b, err := v.GetBytes("retry in"); err == nil && strings.EqualFold(string(b), "never") {
		return -1
	}
	minutes, ok := number(v, "retry in")
	if !ok || minutes <= 0 {
		return 0
	}
	return time.Duration(min(minutes, 365*24*60)) * time.Minute
}

// number reads an integer. Some trackers send it as a string.
func number(v bencode.Value, key string) (int64, bool) {
	n, ok := v.Get(key)
	if !ok {
		return 0, false
	}
	if i, err := n.Int(); err == nil {
		return i, true
	}
	b, err := n.Bytes()
	if err != nil || len(b) > 20 {
		return 0, false
	}
	i, err := strconv.ParseInt(string(b), 10, 64)
	return i, err == nil
}

// seconds reads a duration in seconds; 0 if it is missing. It returns at most a year,
// so that later sums do not overflow.
func seconds(v bencode.Value, key string) time.Duration {
	n, _ := number(v, key)
	return time.Duration(min(max(n, 0), 365*24*60*60)) * time.Second
}

// count reads a number of peers; -1 if it is missing.
func count(v bencode.Value, key string) int {
	n, ok := number(v, key)
	if !ok || n < 0 {
		return -1
	}
	return int(min(n, math.MaxInt32))
}

// appendPeers reads peers in either form and appends those that can be dialed until
// dst has limit addresses. The forms are a list of dictionaries,
// https://www.bittorrent.org/beps/bep_0003.html#trackers, and a compact string with
// addresses of size bytes, https://www.bittorrent.org/beps/bep_0023.html.
func appendPeers(dst []swarm.Address, v bencode.Value, size, limit int) ([]swarm.Address, error) {
	if v.Kind() == bencode.List {
		for entry := range v.List() {
			if entry.Kind() != bencode.Dict {
				return dst, fmt.Errorf("a peer is %v, want a dictionary", entry.Kind())
			}
			if p, ok := dictPeer(entry); ok && len(dst) < limit {
				dst = append(dst, p)
			}
		}
		return dst, nil
	}
	b, err := v.Bytes()
	if err != nil {
		return dst, err
	}
	entry := size + 2
	if len(b)%entry != 0 {
		return dst, fmt.Errorf("the length of %d bytes is not a multiple of %d", len(b), entry)
	}
	dst = slices.Grow(dst, min(len(b)/entry, max(limit-len(dst), 0)))
	for ; len(b) > 0 && len(dst) < limit; b = b[entry:] {
		ip, _ := netip.AddrFromSlice(b[:size])
		port := uint16(b[size])<<8 | uint16(b[size+1])
		if p, ok := peer(ip, port); ok {
			dst = append(dst, p)
		}
	}
	return dst, nil
}

// dictPeer reads a peer in the form of a dictionary. It skips DNS names, because
// resolving them would let a tracker make us query any name server.
func dictPeer(v bencode.Value) (swarm.Address, bool) {
	text, err := v.GetBytes("ip")
	if err != nil || len(text) > 64 {
		return swarm.Address{}, false
	}
	ip, err := netip.ParseAddr(string(text))
	if err != nil || ip.Zone() != "" {
		return swarm.Address{}, false
	}
	port, ok := number(v, "port")
	if !ok || port < 0 || port > math.MaxUint16 {
		return swarm.Address{}, false
	}
	return peer(ip, uint16(port))
}

// peer returns the address of a peer, and false if that cannot be dialed.
func peer(ip netip.Addr, port uint16) (swarm.Address, bool) {
	ip = ip.Unmap()
	if port == 0 || ip.IsUnspecified() || ip.IsMulticast() || ip == netip.AddrFrom4([4]byte{255, 255, 255, 255}) {
		return swarm.Address{}, false
	}
	return swarm.Address{AddrPort: netip.AddrPortFrom(ip, port)}, true
}
