package metainfo

import (
	"cmp"
	"encoding/base32"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/shoal-bt/shoal/swarm"
)

// Limits of magnet links.
const (
	maxMagnet = 1 << 20 // bytes
	maxRanges = 10_000
	maxValues = 1000 // trackers, keywords and so on, of each kind
	maxPorts  = 8    // of one host among the peers
)

// A Magnet is a magnet link: enough to find a torrent's swarm (BEP 9).
// https://www.bittorrent.org/beps/bep_0009.html#magnet-uri-format
type Magnet struct {
	// HashV1 and HashV2 are the info hashes (xt). A hybrid torrent has both. Both may be
	// zero only if there is a key.
	HashV1 [20]byte
	HashV2 [32]byte

	// PublicKey is an Ed25519 key (xs=urn:btpk:), zero for none, and Salt up to 64 bytes (s),
	// nil for none. Under both the DHT stores the hash of the newest torrent (BEP 46).
	// https://www.bittorrent.org/beps/bep_0046.html#magnet-link
	PublicKey [32]byte
	Salt      []byte

	Name     string   // dn: a name to show before the metadata is known; any text
	Length   int64    // xl: of the content, in bytes; 0 for unknown
	Trackers []string // tr: URLs
	WebSeeds []string // ws: URLs of servers with the content (BEP 19)

	Sources    []string // xs: URLs of the .torrent file or other exact sources
	Acceptable []string // as: URLs to fall back on
	Keywords   []string // kt
	Peers      []string // x.pe: addresses of peers, each "host:port"

	// Select holds the files to download, by their index in the torrent. Empty
	// means all files (so, BEP 53).
	// https://www.bittorrent.org/beps/bep_0053.html
	Select []Range

	// Warnings name the parameters that were left out because they are malformed.
	// String does not write them.
	Warnings []Warning
}

// A Range is a run of file indices, both ends included.
type Range struct{ First, Last int }

// Selects reports whether the link asks for a file.
func (m *Magnet) Selects(file int) bool {
	return len(m.Select) == 0 || slices.ContainsFunc(m.Select, func(r Range) bool { return r.First <= file && file <= r.Last })
}

// IDs returns the IDs of the torrent's swarms, as Info.IDs does. There are none if the link
// has a key alone.
func (m *Magnet) IDs() []swarm.ID {
	var ids []swarm.ID
	if m.HashV1 != [20]byte{} {
		ids = append(ids, m.HashV1)
	}
	if m.HashV2 != [32]byte{} {
		ids = append(ids, swarm.ID(m.HashV2[:20]))
	}
	return ids
}

// Magnet returns a link to the torrent, with its trackers and web seeds.
func (t *Torrent) Magnet() *Magnet {
	m := &Magnet{
		HashV1:   t.Info.HashV1,
		HashV2:   t.Info.HashV2,
		Name:     t.Info.Name,
		Length:   t.Info.ContentLength(),
		WebSeeds: slices.Clone(t.WebSeeds),
	}
	for _, tier := range t.Tiers {
		m.Trackers = append(m.Trackers, tier...)
	}
	return m
}

// ParseMagnet reads a magnet link. It leaves out unknown keys, and, with a warning,
// malformed parameters and more than 1,000 values of a kind. The link needs one info hash or
// a public key, and must not have two hashes of a version. An error is an *InvalidError.
func ParseMagnet(s string) (*Magnet, error) {
	m, err := parseMagnet(strings.TrimSpace(s))
	if err != nil {
		return nil, &InvalidError{fmt.Errorf("magnet link: %w", err)}
	}
	return m, nil
}

// ParseInfoHash returns the link of a bare info hash: 40 hexadecimal or 32 base-32 digits of
// a v1 hash, 64 hexadecimal digits of a v2 hash, or these as a multihash, with 1220 before
// them. Case does not matter. An error is an *InvalidError.
func ParseInfoHash(s string) (*Magnet, error) {
	m := &Magnet{}
	var err error
	switch len(s) {
	case 64:
		m.HashV2, err = parseHashV2("1220" + s)
	case 68:
		m.HashV2, err = parseHashV2(s)
	default:
		m.HashV1, err = parseHashV1(s)
	}
	if err != nil {
		return nil, &InvalidError{err}
	}
	return m, nil
}

func parseMagnet(s string) (*Magnet, error) {
	if len(s) > maxMagnet {
		return nil, fmt.Errorf("it has more than %d bytes", maxMagnet)
	}
	const scheme = "magnet:"
	if len(s) < len(scheme) || !strings.EqualFold(s[:len(scheme)], scheme) {
		return nil, errors.New(`it does not start with "magnet:"`)
	}
	s = strings.TrimPrefix(s[len(scheme):], "?")
	m := &Magnet{}
	var warn warnings
	var badHash error // the first; it matters if there is no other
	var keys keyReader
	ports := make(map[string]int)
	for pair := range strings.SplitSeq(s, "&") {
		key, value, _ := strings.Cut(pair, "=")
		// Some programs number keys of the same kind: tr.1, tr.2.
		key, n, numbered := strings.Cut(strings.ToLower(key), ".")
		if numbered && key == "x" {
			key += "." + n
		} else if _, err := strconv.Atoi(n); numbered && err != nil {
			continue
		}
		text, err := url.QueryUnescape(value)
		if keys.take(m, key, text, err) {
			continue
		}
		if err == nil {
			err = m.put(key, text, ports)
		}
		if err == nil || !slices.Contains(magnetKeys, key) {
			continue
		}
		if errors.Is(err, errTwoHashes) {
			return nil, fmt.Errorf("%s: %w", key, err)
		}
		if key == "xt" && badHash == nil {
			badHash = fmt.Errorf("%s: %w", key, err)
		}
		warn.add(key, "%v; it is left out", err)
	}
	badKey := keys.finish(m, &warn)
	if len(m.IDs()) == 0 && !m.HasKey() {
		return nil, cmp.Or(badHash, badKey, errors.New("it has no info hash"))
	}
	m.Warnings = warn
	return m, nil
}

// magnetKeys are the keys that Magnet has fields for.
var magnetKeys = []string{"xt", "dn", "xl", "tr", "ws", "xs", "as", "kt", "x.pe", "so"}

// put adds one parameter. An error says what of it was left out. ports counts the ports of each
// host among the peers.
func (m *Magnet) put(key, text string, ports map[string]int) error {
	if text == "" {
		return nil
	}
	switch key {
	case "xt":
		return m.putTopic(text)
	case "dn":
		m.Name = text
	case "xl":
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil || n <= 0 {
			return fmt.Errorf("%s is not a number of bytes", quote(text))
		}
		m.Length = n
	case "tr":
		return appendOnce(&m.Trackers, text)
	case "ws":
		return appendOnce(&m.WebSeeds, text)
	case "xs":
		return appendOnce(&m.Sources, text)
	case "as":
		return appendOnce(&m.Acceptable, text)
	case "kt":
		// "+" separates keywords; unescaping has turned it into a space.
		for word := range strings.FieldsSeq(text) {
			if err := appendOnce(&m.Keywords, word); err != nil {
				return err
			}
		}
	case "x.pe":
		if !isHostPort(text) {
			return fmt.Errorf("%s is not host:port", quote(text))
		}
		host := hostOf(text)
		switch {
		case slices.Contains(m.Peers, text):
			return nil
		case ports[host] == maxPorts:
			return fmt.Errorf("there are more than %d ports of one host", maxPorts)
		}
		ports[host]++
		return appendOnce(&m.Peers, text)
	case "so":
		return m.putSelection(text)
	}
	return nil
}

// appendOnce appends s if the list does not have it yet.
func appendOnce(list *[]string, s string) error {
	if len(*list) == maxValues {
		return fmt.Errorf("there are more than %d", maxValues)
	}
	if s = strings.TrimSpace(s); s == "" || slices.Contains(*list, s) {
		return nil
	}
	*list = append(*list, s)
	return nil
}

// errTwoHashes says that a link names two torrents.
var errTwoHashes = errors.New("a link names one torrent")

// putTopic adds an info hash. It ignores the topics of other networks.
func (m *Magnet) putTopic(s string) error {
	const btih, btmh = "urn:btih:", "urn:btmh:"
	switch {
	case len(s) >= len(btih) && strings.EqualFold(s[:len(btih)], btih):
		h, err := parseHashV1(s[len(btih):])
		if err != nil {
			return err
		}
		if m.HashV1 != [20]byte{} && m.HashV1 != h {
			return fmt.Errorf("it has two v1 info hashes; %w", errTwoHashes)
		}
		m.HashV1 = h
	case len(s) >= len(btmh) && strings.EqualFold(s[:len(btmh)], btmh):
		h, err := parseHashV2(s[len(btmh):])
		if err != nil {
			return err
		}
		if m.HashV2 != [32]byte{} && m.HashV2 != h {
			return fmt.Errorf("it has two v2 info hashes; %w", errTwoHashes)
		}
		m.HashV2 = h
	}
	return nil
}

// parseHashV1 reads 40 hexadecimal digits, or 32 of base32, in any case.
func parseHashV1(s string) (h [20]byte, err error) {
	var b []byte
	switch len(s) {
	case 40:
		b, err = hex.DecodeString(s)
	case 32:
		b, err = base32.StdEncoding.DecodeString(strings.ToUpper(s))
	default:
		return h, fmt.Errorf("a v1 info hash has 40 or 32 digits, not %d", len(s))
	}
	if err != nil {
		return h, fmt.Errorf("v1 info hash %q: %w", s, err)
	}
	copy(h[:], b)
	if h == [20]byte{} {
		return h, errors.New("the v1 info hash is zero")
	}
	return h, nil
}

// parseHashV2 reads a SHA-256 as a multihash: 0x12, its length 0x20, and the
// hash, in hexadecimal digits of any case.
func parseHashV2(s string) (h [32]byte, err error) {
	b, err := hex.DecodeString(s)
	if err != nil {
		return h, fmt.Errorf("v2 info hash: %w", err)
	}
	if len(b) != 34 || b[0] != 0x12 || b[1] != 0x20 {
		return h, errors.New("the v2 info hash is not a SHA-256 as a multihash")
	}
	copy(h[:], b[2:])
	if h == [32]byte{} {
		return h, errors.New("the v2 info hash is zero")
	}
	return h, nil
}

// putSelection reads indices and ranges of them, such as "0,2,6-8". It leaves out those
// that are malformed.
func (m *Magnet) putSelection(s string) (err error) {
	for part := range strings.SplitSeq(s, ",") {
		first, last, isRange := strings.Cut(part, "-")
		if !isRange {
			last = first
		}
		a, err1 := strconv.ParseUint(first, 10, 31)
		b, err2 := strconv.ParseUint(last, 10, 31)
		if err1 != nil || err2 != nil || a > b {
			if err == nil {
				err = fmt.Errorf("%s is not a range of files", quote(part))
			}
			continue
		}
		if len(m.Select) == maxRanges {
			return fmt.Errorf("there are more than %d ranges", maxRanges)
		}
		m.Select = append(m.Select, Range{int(a), int(b)})
	}
	return err
}

// String returns the link, from which ParseMagnet reads the same Magnet.
func (m *Magnet) String() string {
	var b strings.Builder
	b.WriteString("magnet:")
	sep := byte('?')
	put := func(key, escaped string) {
		b.WriteByte(sep)
		b.WriteString(key)
		b.WriteByte('=')
		b.WriteString(escaped)
		sep = '&'
	}
	putAll := func(key string, list []string) {
		for _, s := range list {
			put(key, escape(s))
		}
	}
	if m.HashV1 != [20]byte{} {
		put("xt", "urn:btih:"+hex.EncodeToString(m.HashV1[:]))
	}
	if m.HashV2 != [32]byte{} {
		put("xt", "urn:btmh:1220"+hex.EncodeToString(m.HashV2[:]))
	}
	if m.Name != "" {
		put("dn", escape(m.Name))
	}
	if m.Length > 0 {
		put("xl", strconv.FormatInt(m.Length, 10))
	}
	putAll("tr", m.Trackers)
	putAll("ws", m.WebSeeds)
	if m.HasKey() {
		put("xs", keyPrefix+hex.EncodeToString(m.PublicKey[:]))
	}
	if m.HasKey() && len(m.Salt) > 0 {
		put("s", hex.EncodeToString(m.Salt))
	}
	putAll("xs", m.Sources)
	putAll("as", m.Acceptable)
	if len(m.Keywords) > 0 {
		words := make([]string, len(m.Keywords))
		for n, s := range m.Keywords {
			words[n] = escape(s)
		}
		put("kt", strings.Join(words, "+"))
	}
	putAll("x.pe", m.Peers)
	if len(m.Select) > 0 {
		put("so", selection(m.Select))
	}
	return b.String()
}

// escape escapes a value. A space becomes %20, because not every program reads "+" as
// one.
func escape(s string) string { return strings.ReplaceAll(url.QueryEscape(s), "+", "%20") }

func selection(ranges []Range) string {
	parts := make([]string, len(ranges))
	for n, r := range ranges {
		parts[n] = strconv.Itoa(r.First)
		if r.Last != r.First {
			parts[n] += "-" + strconv.Itoa(r.Last)
		}
	}
	return strings.Join(parts, ",")
}
