package httptracker

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/shoal-bt/shoal/bencode"
	"github.com/shoal-bt/shoal/swarm"
	"github.com/shoal-bt/shoal/swarm/announceurl"
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
	ignored     []string // what is wrong in the answer, at most once for each key
}

// parseAnnounce reads the answer to an announce and takes at most maxPeers addresses.
// What is wrong in it is ignored and named in the result, unless nothing is left to use.
// The answer to Stopped need have neither interval nor peers. The error may be a
// *FailureError, whose reason is as received.
//
// See https://www.bittorrent.org/beps/bep_0003.html#trackers for the answer,
// https://www.bittorrent.org/beps/bep_0007.html for peers6,
// https://www.bittorrent.org/beps/bep_0023.html for compact peers, and
// https://www.bittorrent.org/beps/bep_0024.html for external ip.
func parseAnnounce(body []byte, maxPeers int, stopped bool) (announceResponse, error) {
	v, ignored, err := parseDict(body)
	if err != nil {
		return announceResponse{}, err
	}
	r := announceResponse{
		interval:    seconds(v, "interval"),
		minInterval: seconds(v, "min interval"),
		seeds:       count(v, "complete"),
		leechers:    count(v, "incomplete"),
		completed:   count(v, "downloaded"),
		ignored:     ignored,
	}
	for _, key := range []string{"interval", "min interval", "complete", "incomplete", "downloaded"} {
		_, isNumber := number(v, key)
		if n, ok := v.Get(key); ok && !isNumber {
			r.ignored = append(r.ignored, fmt.Sprintf("%s, which is %v, not a number", key, n.Kind()))
		}
	}
	r.readStrings(v)
	_, hasInterval := v.Get("interval")
	broken := len(r.ignored)
	hasPeers := r.readPeers(v, "peers", 4, maxPeers)
	hasPeers6 := r.readPeers(v, "peers6", 16, maxPeers)
	switch {
	case stopped:
	case !hasInterval && !hasPeers && !hasPeers6:
		return announceResponse{}, &ResponseError{Reason: "the answer has neither an interval nor peers"}
	case len(r.peers) == 0 && len(r.ignored) > broken:
		return announceResponse{}, &ResponseError{Reason: "the answer has no valid peer; wrong in it: " + strings.Join(r.ignored[broken:], "; ")}
	}
	return r, nil
}

// readStrings reads the optional strings of an answer.
func (r *announceResponse) readStrings(v bencode.Value) {
	if b, ok := r.readString(v, "external ip"); ok {
		a, isAddr := netip.AddrFromSlice(b)
		switch {
		case !isAddr:
			r.ignored = append(r.ignored, "external ip, which has "+countBytes(len(b)))
		case !a.IsUnspecified():
			r.external = a.Unmap()
		}
	}
	if b, ok := r.readString(v, "warning message"); ok {
		r.warning = string(b)
	}
	if b, ok := r.readString(v, "tracker id"); ok {
		if len(b) <= maxTrackerID {
			r.trackerID = string(b)
		} else {
			r.ignored = append(r.ignored, "tracker id, which has "+countBytes(len(b)))
		}
	}
}

// warningText returns what the user should know of an answer: the tracker's warning and
// what was ignored, as one line without secrets.
func (r *announceResponse) warningText(secrets []string) string {
	ignored := ""
	if len(r.ignored) > 0 {
		ignored = "ignored in the answer: " + strings.Join(r.ignored, "; ")
	}
	return joinTexts(announceurl.Clean(r.warning, secrets), ignored)
}

// maxTrackerID is the longest tracker id to send back, in bytes.
const maxTrackerID = 512

// readString returns the string of a key, and false if the key is missing or has
// something else.
func (r *announceResponse) readString(v bencode.Value, key string) ([]byte, bool) {
	n, ok := v.Get(key)
	if !ok {
		return nil, false
	}
	b, err := n.Bytes()
	if err != nil {
		r.ignored = append(r.ignored, fmt.Sprintf("%s, which is %v", key, n.Kind()))
	}
	return b, err == nil
}

// readPeers appends the peers of a key to r.peers, until there are maxPeers, and reports
// whether the answer has the key. Compact addresses have size bytes.
func (r *announceResponse) readPeers(v bencode.Value, key string, size, maxPeers int) bool {
	peers, ok := v.Get(key)
	if !ok {
		return false
	}
	var wrong string
	r.peers, wrong = appendPeers(r.peers, peers, size, maxPeers)
	if wrong != "" {
		r.ignored = append(r.ignored, fmt.Sprintf(wrong, key))
	}
	return true
}

// parseDict reads an answer, which must begin with a dictionary, and names what it
// ignored. If the dictionary has a failure reason, that is the error.
func parseDict(body []byte) (v bencode.Value, ignored []string, err error) {
	// Some trackers do not sort keys. A script may send a byte order mark or a line
	// break before the answer, and a C program a zero byte after it.
	start := bytes.TrimLeft(body, padding)
	v, rest, err := bencode.ScanPrefix(start, bencode.Options{Lenient: true})
	switch {
	case err != nil && looksLikeHTML(body):
		return v, nil, &ResponseError{Reason: "the answer is a web page; check the tracker's URL"}
	case err != nil:
		return v, nil, &ResponseError{Reason: "the answer is not valid bencode", Err: err}
	case v.Kind() != bencode.Dict:
		return v, nil, &ResponseError{Reason: "the answer is " + v.Kind().String() + ", want a dictionary"}
	}
	rest = bytes.Trim(rest, padding)
	if len(rest) > 0 {
		ignored = append(ignored, countBytes(len(rest))+" after the end")
	}
	reason, ok := v.Get("failure reason")
	if !ok {
		return v, ignored, nil
	}
	text, err := reason.Bytes()
	if err != nil {
		return v, append(ignored, fmt.Sprintf("failure reason, which is %v", reason.Kind())), nil
	}
	return v, nil, &FailureError{
		Reason:      string(text),
		RetryIn:     retryIn(v),
		Interval:    seconds(v, "interval"),
		MinInterval: seconds(v, "min interval"),
	}
}

// padding are the bytes that may surround an answer.
const padding = "\x00 \t\r\n\ufeff"

// countBytes returns a number of bytes as text.
func countBytes(n int) string {
	if n == 1 {
		return "1 byte"
	}
	return fmt.Sprintf("%d bytes", n)
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
	return time.Duration(min(minutes, int64(maxWait/time.Minute))) * time.Minute
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

// maxWait bounds what a tracker asks for, so that later sums do not overflow.
const maxWait = 365 * 24 * time.Hour

// seconds reads a duration in seconds; 0 if it is missing. It returns at most maxWait.
func seconds(v bencode.Value, key string) time.Duration {
	n, _ := number(v, key)
	return time.Duration(min(max(n, 0), int64(maxWait/time.Second))) * time.Second
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
// addresses of size bytes, https://www.bittorrent.org/beps/bep_0023.html. It ignores what
// is neither; wrong then says what that is, with %s for the key.
func appendPeers(dst []swarm.Address, v bencode.Value, size, limit int) (all []swarm.Address, wrong string) {
	switch v.Kind() {
	case bencode.List:
		return appendDictPeers(dst, v, limit)
	case bencode.String:
	default:
		return dst, "%s, which is " + v.Kind().String()
	}
	b, _ := v.Bytes() // v is a string
	entry := size + 2
	if n := len(b) % entry; n != 0 {
		wrong = "the last " + countBytes(n) + " of %s"
		b = b[:len(b)-n]
	}
	dst = slices.Grow(dst, min(len(b)/entry, max(limit-len(dst), 0)))
	for ; len(b) > 0 && len(dst) < limit; b = b[entry:] {
		ip, _ := netip.AddrFromSlice(b[:size])
		port := uint16(b[size])<<8 | uint16(b[size+1])
		if p, ok := peer(ip, port); ok {
			dst = append(dst, p)
		}
	}
	return dst, wrong
}

// appendDictPeers reads peers in the form of a list of dictionaries. See appendPeers.
func appendDictPeers(dst []swarm.Address, v bencode.Value, limit int) (all []swarm.Address, wrong string) {
	bad, entries := 0, 0
	for entry := range v.List() {
		entries++
		ip, port, err := dictPeer(entry)
		if err != nil {
			bad++
			continue
		}
		if p, ok := peer(ip, port); ok && len(dst) < limit {
			dst = append(dst, p)
		}
	}
	if bad > 0 {
		wrong = fmt.Sprintf("%d of %d entries of %%s", bad, entries)
	}
	return dst, wrong
}

// errBadPeer says that an entry of a list is not a peer.
var errBadPeer = errors.New("not a peer")

// dictPeer reads a peer in the form of a dictionary. For a DNS name it returns the zero
// Addr, because resolving names would let a tracker make us query any name server.
func dictPeer(v bencode.Value) (ip netip.Addr, port uint16, err error) {
	text, err := v.GetBytes("ip")
	if err != nil {
		return netip.Addr{}, 0, errBadPeer
	}
	n, ok := number(v, "port")
	if !ok || n < 0 || n > math.MaxUint16 {
		return netip.Addr{}, 0, errBadPeer
	}
	const maxName = 253
	if len(text) > maxName {
		return netip.Addr{}, 0, errBadPeer
	}
	ip, err = netip.ParseAddr(string(text))
	if err != nil || ip.Zone() != "" {
		return netip.Addr{}, uint16(n), nil
	}
	return ip, uint16(n), nil
}

// peer returns the address of a peer, and false if that cannot be dialed.
func peer(ip netip.Addr, port uint16) (swarm.Address, bool) {
	ip = ip.Unmap()
	if !ip.IsValid() || port == 0 || ip.IsUnspecified() || ip.IsMulticast() || ip == netip.AddrFrom4([4]byte{255, 255, 255, 255}) {
		return swarm.Address{}, false
	}
	return swarm.Address{AddrPort: netip.AddrPortFrom(ip, port)}, true
}
