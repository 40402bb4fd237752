package peerwire

import (
	"encoding/binary"
	"net/netip"
	"strconv"

	"github.com/shoal-bt/shoal/bencode"
	"github.com/shoal-bt/shoal/swarm"
)

const (
	// MaxPEX is how many added, and how many dropped, peers a PEX message should
	// have at most, unless it is the first on its connection, see
	// https://www.bittorrent.org/beps/bep_0011.html#protocol-extension.
	MaxPEX = 50

	// maxParsedPEX is how many of each ParsePEX returns. It is above MaxPEX because
	// the first message of a connection may be longer.
	maxParsedPEX = 200
)

// A PEX is the body of a ut_pex message: the peers that the sender has connected to
// since its last message, and those that it has lost. See
// https://www.bittorrent.org/beps/bep_0011.html#protocol-extension.
type PEX struct {
	// Added are the new peers, with flags. Dropped are the lost peers, without.
	Added, Dropped []swarm.Address

	// LeftOut is the number of added and dropped addresses that ParsePEX left out.
	// AppendTo ignores it.
	LeftOut int
}

// pexOptions bound the dictionary of a PEX message.
var pexOptions = bencode.Options{Lenient: true, MaxDepth: 8, MaxTokens: 256}

// ParsePEX parses the body of a ut_pex message. The result shares no bytes with b. It
// has the first 200 added and the first 200 dropped peers that can be connected to. Addresses that nobody can
// connect to (port 0, the unspecified address, multicast), keys of the wrong type and
// incomplete addresses are left out. The error is a *ProtocolError, and comes only if
// the body does not begin with a dictionary.
func ParsePEX(b []byte) (PEX, error) {
	v, _, err := bencode.ScanPrefix(b, pexOptions)
	if err != nil {
		return PEX{}, protocolErrorf(Extended, "peer exchange: %v", err)
	}
	if v.Kind() != bencode.Dict {
		return PEX{}, protocolErrorf(Extended, "peer exchange: %v, not a dictionary", v.Kind())
	}
	var p PEX
	p.parseAddresses(&p.Added, v, "added", "added.f", 4)
	p.parseAddresses(&p.Added, v, "added6", "added6.f", 16)
	p.parseAddresses(&p.Dropped, v, "dropped", "", 4)
	p.parseAddresses(&p.Dropped, v, "dropped6", "", 16)
	return p, nil
}

// parseAddresses appends to dst the addresses under key in v, each an IP address of
// ipLen bytes and a port, with the flags under flagKey.
func (p *PEX) parseAddresses(dst *[]swarm.Address, v bencode.Value, key, flagKey string, ipLen int) {
	b, err := v.GetBytes(key)
	if err != nil {
		return
	}
	var flags []byte
	if flagKey != "" {
		// If the flags are missing or of another type, every flag is 0.
		flags, _ = v.GetBytes(flagKey)
	}
	for i := 0; len(b) >= ipLen+2; i++ {
		if len(*dst) >= maxParsedPEX {
			p.LeftOut += len(b) / (ipLen + 2)
			return
		}
		ip, _ := netip.AddrFromSlice(b[:ipLen])
		a := swarm.Address{AddrPort: netip.AddrPortFrom(ip.Unmap(), binary.BigEndian.Uint16(b[ipLen:]))}
		if i < len(flags) {
			a.Flags = flags[i]
		}
		b = b[ipLen+2:]
		if a.Port() == 0 || a.Addr().IsUnspecified() || a.Addr().IsMulticast() {
			p.LeftOut++
			continue
		}
		*dst = append(*dst, a)
	}
}

// AppendTo appends the body to dst and returns the extended slice. It writes all peers
// that have an address; keeping to MaxPEX is up to the caller.
func (p PEX) AppendTo(dst []byte) []byte {
	dst = bencode.AppendDict(dst)
	dst = appendAddresses(dst, p.Added, "added", "added.f", 4)
	dst = appendAddresses(dst, p.Added, "added6", "added6.f", 16)
	dst = appendAddresses(dst, p.Dropped, "dropped", "", 4)
	dst = appendAddresses(dst, p.Dropped, "dropped6", "", 16)
	return bencode.AppendEnd(dst)
}

// appendAddresses appends the addresses in as whose IP address has ipLen bytes under
// key, and their flags under flagKey. If there are none it appends nothing, except for
// the key "added", because a message must have at least one key.
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
