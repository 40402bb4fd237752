package peerwire

import (
	"math"
	"net/netip"
	"slices"
	"strings"
	"unicode"

	"github.com/shoal-bt/shoal/bencode"
)

const (
	maxExtensionName = 64  // bytes of the name of an extension
	maxClientName    = 128 // bytes of V
	maxExtra         = 64  // keys that are kept in Extra
)

// handshakeOptions bound the bencode of an extension handshake. Many clients do not
// sort their keys.
var handshakeOptions = bencode.Options{Lenient: true, MaxDepth: 16, MaxTokens: 4096}

// An ExtendedHandshake is the body of the Extended message with number 0,
// https://www.bittorrent.org/beps/bep_0010.html (section "handshake message").
type ExtendedHandshake struct {
	// M are the extensions that the sender understands, with the numbers under
	// which it wants their messages.
	M Extensions

	// V is the name and version of the client. What was parsed has at most 128
	// bytes, all printable.
	V string

	// P is the TCP port at which the sender listens; 0 if it does not say.
	P uint16

	// YourIP is the address at which the sender sees the receiver. IPv4 and IPv6
	// are addresses of the sender. The zero Addr stands for none.
	YourIP, IPv4, IPv6 netip.Addr

	// Reqq is the number of requests that the sender keeps without dropping any; 0
	// if it does not say.
	Reqq int

	// MetadataSize is the length in bytes of the info dictionary (BEP 9); 0 if the
	// sender does not say, or does not have it. It is what a stranger claims:
	// bound it before anything is allocated.
	MetadataSize int

	// UploadOnly says that the sender wants no piece (BEP 21).
	UploadOnly bool

	// Encrypt says that the sender prefers encrypted connections.
	Encrypt bool

	// Extra holds the bencoded values of other keys, at most 64 of what was
	// parsed. A key that a field above stands for is not written.
	Extra map[string][]byte
}

// ParseExtendedHandshake parses the body of an Extended message with number 0. The
// result shares no bytes with b. A value that is of the wrong type or out of range
// is left out; only a body that does not begin with a dictionary is an error, a
// *ProtocolError.
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

// setField sets the field of a key. A value that does not fit is left out.
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
		if _, ok := h.Extra[key]; !ok && len(h.Extra) < maxExtra {
			h.Extra[key] = slices.Clone(v.Raw())
		}
	}
}

// AppendTo appends the body to dst and returns the extended slice. Fields that are
// zero are left out. An address is written with as many bytes as it has; IPv4 and
// IPv6 are left out if they are not that.
func (h ExtendedHandshake) AppendTo(dst []byte) []byte {
	values := map[string][]byte{}
	for key, raw := range h.Extra {
		values[key] = raw
	}
	text := func(key, s string) {
		delete(values, key)
		if s != "" {
			values[key] = bencode.AppendString(nil, s)
		}
	}
	number := func(key string, n int) {
		delete(values, key)
		if n != 0 {
			values[key] = bencode.AppendInt(nil, int64(n))
		}
	}
	address := func(key string, a netip.Addr, ok bool) {
		delete(values, key)
		if a.IsValid() && ok {
			values[key] = bencode.AppendBytes(nil, a.AsSlice())
		}
	}
	text("v", h.V)
	number("p", int(h.P))
	number("reqq", h.Reqq)
	number("metadata_size", h.MetadataSize)
	number("upload_only", boolInt(h.UploadOnly))
	number("e", boolInt(h.Encrypt))
	address("yourip", h.YourIP.Unmap(), true)
	address("ipv4", h.IPv4.Unmap(), h.IPv4.Unmap().Is4())
	address("ipv6", h.IPv6, h.IPv6.Is6())
	values["m"] = appendExtensions(nil, h.M)

	dst = bencode.AppendDict(dst)
	for _, key := range sortedKeys(values) {
		dst = bencode.AppendString(dst, key)
		dst = append(dst, values[key]...)
	}
	return bencode.AppendEnd(dst)
}

func appendExtensions(dst []byte, e Extensions) []byte {
	dst = bencode.AppendDict(dst)
	for _, name := range sortedKeys(e) {
		dst = bencode.AppendString(dst, name)
		dst = bencode.AppendInt(dst, int64(e[name]))
	}
	return bencode.AppendEnd(dst)
}

// parseExtensions returns the names and numbers of the dictionary v, as far as they
// are sound.
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
		if _, ok := e[string(name)]; !ok && len(e) < maxExtensions {
			e[string(name)] = uint8(id)
		}
	}
	return e
}

// printable returns the string v without what is not printable, cut short.
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

// parseIP returns the address v of so many bytes, 0 for any number, or none.
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

// intUpTo returns the integer v if it is 0 to most, or 0.
func intUpTo(v bencode.Value, most int64) int {
	n, err := v.Int()
	if err != nil || n < 0 || n > most {
		return 0
	}
	return int(n)
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

// sortedKeys returns the keys of m in the order that bencode wants.
func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}
