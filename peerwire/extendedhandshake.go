package peerwire

import (
	"maps"
	"math"
	"net/netip"
	"slices"
	"strings"
	"unicode"

	"github.com/shoal-bt/shoal/bencode"
)

const (
	maxExtensionName = 64  // bytes; an extension with a longer name is left out
	maxClientName    = 128 // bytes of V; the rest is cut off
	maxExtra         = 64  // keys in Extra; further keys are left out
)

// handshakeOptions bound the bencode of an extension handshake. They are lenient
// because many clients do not sort their keys.
var handshakeOptions = bencode.Options{Lenient: true, MaxDepth: 16, MaxTokens: 4096}

// An ExtendedHandshake is the body of the Extended message with number 0, see
// https://www.bittorrent.org/beps/bep_0010.html#handshake-message.
type ExtendedHandshake struct {
	// M holds the extensions that the sender supports, with the number that it
	// expects in the messages of each.
	M Extensions

	// V is the name and version of the client. After parsing it has at most 128
	// bytes, and printable characters only.
	V string

	// P is the TCP port on which the sender listens; 0 means that it is not known.
	P uint16

	// YourIP is the receiver's address as the sender sees it. IPv4 and IPv6 are
	// addresses of the sender. The zero Addr means none.
	YourIP, IPv4, IPv6 netip.Addr

	// Reqq is how many open requests the sender accepts before it drops some; 0
	// means that it is not known.
	Reqq int

	// MetadataSize is the length in bytes of the info dictionary, see
	// https://www.bittorrent.org/beps/bep_0009.html#extension-header; 0 means that
	// the sender does not have it, or does not say. The number is only a claim:
	// check it before you allocate as much.
	MetadataSize int

	// UploadOnly says that the sender downloads nothing, see
	// https://www.bittorrent.org/beps/bep_0021.html#extension-header.
	UploadOnly bool

	// Encrypt says that the sender prefers encrypted connections.
	Encrypt bool

	// Extra holds the bencoded values of all other keys; after parsing at most 64.
	// AppendTo ignores a key here that a field above stands for.
	Extra map[string][]byte
}

// ParseExtendedHandshake parses the body of an Extended message with number 0. The
// result shares no bytes with b. A value that has the wrong type or is out of range is
// left out. The error is a *ProtocolError, and comes only if the body does not begin
// with a dictionary.
func ParseExtendedHandshake(b []byte) (ExtendedHandshake, error) {
	v, _, err := bencode.ScanPrefix(b, handshakeOptions)
	if err != nil {
		return ExtendedHandshake{}, protocolErrorf(Extended, "handshake: %v", err)
	}
	if v.Kind() != bencode.Dict {
		return ExtendedHandshake{}, protocolErrorf(Extended, "handshake: %v, not a dictionary", v.Kind())
	}
	var h ExtendedHandshake
	for key, v := range v.Dict() {
		h.setField(string(key), v)
	}
	return h, nil
}

// setField sets the field of a key, or adds the key to Extra. A value that does not fit
// is left out.
func (h *ExtendedHandshake) setField(key string, v bencode.Value) {
	switch key {
	case "m":
		h.M = parseExtensions(v)
	case "v":
		h.V = printable(v)
	case "p":
		h.P = uint16(intUpTo(v, math.MaxUint16))
	case "yourip":
		h.YourIP = parseIP(v, 0)
	case "ipv4":
		h.IPv4 = parseIP(v, 4)
	case "ipv6":
		h.IPv6 = parseIP(v, 16)
	case "reqq":
		h.Reqq = intUpTo(v, math.MaxInt32)
	case "metadata_size":
		h.MetadataSize = intUpTo(v, math.MaxInt32)
	case "upload_only":
		h.UploadOnly = intUpTo(v, math.MaxInt32) != 0
	case "e":
		h.Encrypt = intUpTo(v, math.MaxInt32) != 0
	default:
		if h.Extra == nil {
			h.Extra = map[string][]byte{}
		}
		_, known := h.Extra[key] // the first of two equal keys counts
		if !known && len(h.Extra) < maxExtra {
			h.Extra[key] = slices.Clone(v.Raw())
		}
	}
}

// AppendTo appends the body to dst and returns the extended slice. Zero fields are left
// out, and so are an IPv4 and an IPv6 of the other family.
func (h ExtendedHandshake) AppendTo(dst []byte) []byte {
	values := map[string][]byte{}
	maps.Copy(values, h.Extra)
	putString := func(key, s string) {
		delete(values, key)
		if s != "" {
			values[key] = bencode.AppendString(nil, s)
		}
	}
	putInt := func(key string, n int) {
		delete(values, key)
		if n != 0 {
			values[key] = bencode.AppendInt(nil, int64(n))
		}
	}
	putAddr := func(key string, a netip.Addr, ok bool) {
		delete(values, key)
		if a.IsValid() && ok {
			values[key] = bencode.AppendBytes(nil, a.AsSlice())
		}
	}
	putString("v", h.V)
	putInt("p", int(h.P))
	putInt("reqq", h.Reqq)
	putInt("metadata_size", h.MetadataSize)
	putInt("upload_only", boolInt(h.UploadOnly))
	putInt("e", boolInt(h.Encrypt))
	putAddr("yourip", h.YourIP.Unmap(), true)
	putAddr("ipv4", h.IPv4.Unmap(), h.IPv4.Unmap().Is4())
	putAddr("ipv6", h.IPv6, h.IPv6.Is6())
	values["m"] = appendExtensions(nil, h.M)

	dst = bencode.AppendDict(dst)
	for _, key := range slices.Sorted(maps.Keys(values)) {
		dst = bencode.AppendString(dst, key)
		dst = append(dst, values[key]...)
	}
	return bencode.AppendEnd(dst)
}

// appendExtensions appends e as a dictionary.
func appendExtensions(dst []byte, e Extensions) []byte {
	dst = bencode.AppendDict(dst)
	for _, name := range slices.Sorted(maps.Keys(e)) {
		dst = bencode.AppendString(dst, name)
		dst = bencode.AppendInt(dst, int64(e[name]))
	}
	return bencode.AppendEnd(dst)
}

// parseExtensions returns the names and numbers in the dictionary v. Numbers that are
// no byte and names that are too long are left out.
func parseExtensions(v bencode.Value) Extensions {
	var e Extensions
	for name, v := range v.Dict() {
		id, err := v.Int()
		if err != nil || id < 0 || id > math.MaxUint8 || len(name) > maxExtensionName {
			continue
		}
		if e == nil {
			e = Extensions{}
		}
		_, known := e[string(name)] // the first of two equal names counts
		if !known && len(e) < maxExtensions {
			e[string(name)] = uint8(id)
		}
	}
	return e
}

// printable returns the printable characters in the first maxClientName bytes of v.
func printable(v bencode.Value) string {
	b, err := v.Bytes()
	if err != nil {
		return ""
	}
	s := string(b[:min(len(b), maxClientName)])
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) || r == unicode.ReplacementChar {
			return -1
		}
		return r
	}, s)
}

// parseIP returns the IP address v, which must have length bytes, or 4 or 16 if length is
// 0. It returns the zero Addr if v has another length.
func parseIP(v bencode.Value, length int) netip.Addr {
	b, err := v.Bytes()
	if err != nil || (length != 0 && len(b) != length) {
		return netip.Addr{}
	}
	a, _ := netip.AddrFromSlice(b)
	if length == 0 {
		a = a.Unmap()
	}
	return a
}

// intUpTo returns the integer v, or 0 if v is no integer from 0 to limit.
func intUpTo(v bencode.Value, limit int64) int {
	n, err := v.Int()
	if err != nil || n < 0 || n > limit {
		return 0
	}
	return int(n)
}

// boolInt returns 1 for true and 0 for false.
func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}
