package peerwire

import (
	"encoding/binary"
	"net/netip"
	"strconv"

	"github.com/shoal-bt/shoal/bencode"
	"github.com/shoal-bt/shoal/swarm"
)

const (
	// MaxPEX is how many added and how many dropped peers a PEX message should
	// have at most, but for the first on a connection.
	MaxPEX = 50

	// maxParsedPEX is how many of each ParsePEX takes. The first message of a
	// connection may be longer than others.
	maxParsedPEX = 200
)

// A PEX is the body of a message of the extension ut_pex: whom the sender has come
// to be connected to, and to whom no longer, since its last one. See
// https://www.bittorrent.org/beps/bep_0011.html.
type PEX struct {
	// Added are peers with their flags; Dropped are peers without.
	Added, Dropped []swarm.Address
}

// pexOptions bound the dictionary of a PEX message.
var pexOptions = bencode.Options{Lenient: true, MaxDepth: 8, MaxTokens: 256}

// ParsePEX parses the body of a message of ut_pex. The result shares no bytes with
// b. Of the added and of the dropped peers the first 200 are taken. Addresses that
// nobody can connect to (port 0, or the unspecified or a multicast address), keys
// of the wrong type and bytes too few for an address are left out. Only a body that
// does not begin with a dictionary is an error, a *ProtocolError.
func ParsePEX(b []byte) (PEX, error) {
	v, _, err := bencode.ScanPrefix(b, pexOptions)
	if err != nil {
		return PEX{}, protocolErrorf(Extended, "peer exchange: %v", err)
	}
	if v.Kind() != bencode.Dict {
		return PEX{}, protocolErrorf(Extended, "peer exchange: %v, not a dictionary", v.Kind())
	}
	var p PEX
	p.Added = parseAddresses(p.Added, v, "added", "added.f", 4)
	p.Added = parseAddresses(p.Added, v, "added6", "added6.f", 16)
	p.Dropped = parseAddresses(p.Dropped, v, "dropped", "", 4)
	p.Dropped = parseAddresses(p.Dropped, v, "dropped6", "", 16)
	return p, nil
}

// parseAddresses appends to dst the addresses of ipLen bytes and a port that key has
// in v, with the flags that flagKey has.
func parseAddresses(dst []swarm.Address, v bencode.Value, key, flagKey string, ipLen int) []swarm.Address {
	b, err := v.GetBytes(key)
	if err != nil {
		return dst
	}
	var flags []byte
	if flagKey != "" {
		// No flags, or flags of another type, are flags of zero.
		flags, _ = v.GetBytes(flagKey)
	}
	for i := 0; len(b) >= ipLen+2 && len(dst) < maxParsedPEX; i++ {
		ip, _ := netip.AddrFromSlice(b[:ipLen])
		a := swarm.Address{AddrPort: netip.AddrPortFrom(ip.Unmap(), binary.BigEndian.Uint16(b[ipLen:]))}
		if i < len(flags) {
			a.Flags = flags[i]
		}
		b = b[ipLen+2:]
		if a.Port() != 0 && !a.Addr().IsUnspecified() && !a.Addr().IsMulticast() {
			dst = append(dst, a)
		}
	}
	return dst
}

// AppendTo appends the body to dst and returns the extended slice. It writes all
// peers that have an address; the caller sees to MaxPEX.
func (p PEX) AppendTo(dst []byte) []byte {
	dst = bencode.AppendDict(dst)
	dst = appendAddresses(dst, p.Added, "added", "added.f", 4)
	dst = appendAddresses(dst, p.Added, "added6", "added6.f", 16)
	dst = appendAddresses(dst, p.Dropped, "dropped", "", 4)
	dst = appendAddresses(dst, p.Dropped, "dropped6", "", 16)
	return bencode.AppendEnd(dst)
}

// appendAddresses appends those of as whose IP address has ipLen bytes, under key,
// and their flags under flagKey. Without any it appends nothing, but for the key
// "added": at least one of the keys must be there.
func appendAddresses(dst []byte, as []swarm.Address, key, flagKey string, ipLen int) []byte {
	n := 0
	for _, a := range as {
		if a.Addr().Unmap().BitLen() == 8*ipLen {
			n++
		}
	}
	if n == 0 && key != "added" {
		return dst
	}
	dst = bencode.AppendString(dst, key)
	dst = append(strconv.AppendInt(dst, int64(n*(ipLen+2)), 10), ':')
	for _, a := range as {
		switch ip := a.Addr().Unmap(); {
		case ip.BitLen() != 8*ipLen:
			continue
		case ipLen == 4:
			b := ip.As4()
			dst = append(dst, b[:]...)
		default:
			b := ip.As16()
			dst = append(dst, b[:]...)
		}
		dst = binary.BigEndian.AppendUint16(dst, a.Port())
	}
	if flagKey == "" {
		return dst
	}
	dst = bencode.AppendString(dst, flagKey)
	dst = append(strconv.AppendInt(dst, int64(n), 10), ':')
	for _, a := range as {
		if a.Addr().Unmap().BitLen() == 8*ipLen {
			dst = append(dst, a.Flags)
		}
	}
	return dst
}
