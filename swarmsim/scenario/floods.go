package scenario

import (
	"fmt"
	"net/netip"

	"github.com/shoal-bt/shoal/peerwire"
	"github.com/shoal-bt/shoal/swarm"
	"github.com/shoal-bt/shoal/swarmsim"
)

// burst is the number of messages that a flood has at once: 200 a second. Long ones come
// one at a time.
const burst = 50

// A flood is what one kind of Flooder sends.
type flood struct {
	name, purpose string
	flood         func(b swarmsim.Burst) []byte
}

// floods returns a flood of each kind of message, and the lies that the extensions allow.
func floods() (all []flood) {
	for _, kind := range []peerwire.Kind{
		peerwire.KeepAlive, peerwire.Choke, peerwire.Unchoke, peerwire.Interested, peerwire.NotInterested,
		peerwire.Have, peerwire.Bitfield, peerwire.Request, peerwire.Cancel, peerwire.Port, peerwire.Suggest,
		peerwire.HaveAll, peerwire.HaveNone, peerwire.Reject, peerwire.AllowedFast, peerwire.Unknown,
	} {
		all = append(all, flood{"flood-" + dashed(kind.String()), fmt.Sprintf("sends 200 messages %q a second", kind), message(kind)})
	}
	return append(all,
		flood{"choke-unchoke", "chokes and unchokes all the time", chokes},
		flood{"donthave", "takes every piece back and has it again, all the time", losesPieces},
		flood{"upload-only", "says by turns that it downloads and that it does not", handshakes(turnsUploadOnly)},
		flood{"handshakes", "repeats its extension handshake", handshakes(func(int, *peerwire.ExtendedHandshake) {})},
		flood{"reused-ids", "gives all extensions one number", handshakes(reusesNumbers)},
		flood{"swapped-ids", "swaps the numbers of its extensions", handshakes(swapsNumbers)},
		flood{"255-ids", "has 255 extensions, others each time", handshakes(manyNumbers)},
		flood{"metadata-size", "names sizes of metadata from 0 to 2^31", handshakes(changesSize)},
		flood{"lying-handshakes", "changes reqq, port and what it says of our address", handshakes(lies)},
		flood{"pex-100000", "names 100,000 peers in one message", names(100_000, 1<<30, strangers, nil)},
		flood{"pex-many", "names 200 peers in each of many messages", names(200, 1, strangers, nil)},
		flood{"pex-port-0", "names peers of port 0", names(50, 1, func(b swarmsim.Burst, _ int) netip.AddrPort {
			return netip.AddrPortFrom(stranger(b), 0)
		}, nil)},
		flood{"pex-victim", "names ports of somebody who takes no part", names(50, 4, victim, nil)},
		flood{"pex-ourselves", "names the peers themselves", names(50, 4, ourselves, nil)},
		flood{"pex-added-dropped", "names peers and drops them each second", names(50, 4, strangers, ourselves)},
		flood{"metadata-requests", "requests metadata all the time", metadata(peerwire.MetadataRequest, 0, 0)},
		flood{"metadata-data", "sends metadata that nobody requested", metadata(peerwire.MetadataData, 1<<24, peerwire.MetadataPieceLen)},
		flood{"metadata-rejects", "rejects metadata that nobody requested", metadata(peerwire.MetadataReject, 0, 0)},
		flood{"metadata-wrong-size", "sends metadata of another size than it says", metadata(peerwire.MetadataData, 1<<24, 7)},
		flood{"unknown-extension", "sends messages of extensions that nobody has", unknownExtension},
	)
}

// dashed returns a name in one word.
func dashed(s string) string {
	b := []byte(s)
	for i, c := range b {
		if c == ' ' {
			b[i] = '-'
		}
	}
	return string(b)
}

func chokes(swarmsim.Burst) (out []byte) {
	for i := range burst {
		kind := peerwire.Choke
		if i%2 == 1 {
			kind = peerwire.Unchoke
		}
		out = peerwire.Message{Kind: kind}.AppendTo(out)
	}
	return out
}

// losesPieces returns, for 50 pieces, a HAVE and then a message that takes it back.
func losesPieces(b swarmsim.Burst) (out []byte) {
	n := b.Geometry.Pieces()
	for i := range min(n, burst) {
		piece := (b.Number*burst + i) % n
		out = peerwire.Message{Kind: peerwire.Have, Piece: piece}.AppendTo(out)
		out = appendExtended(out, b, peerwire.DontHaveName, peerwire.AppendDontHave(nil, piece))
	}
	return out
}

// appendExtended appends a message of an extension, with its number if the receiver has it
// and with any number otherwise.
func appendExtended(out []byte, b swarmsim.Burst, name string, body []byte) []byte {
	number := b.Extensions[name]
	if number == 0 {
		number = 200
	}
	return peerwire.Message{Kind: peerwire.Extended, ExtID: number, Data: body}.AppendTo(out)
}

// handshakes returns a flood of one extension handshake in each burst, which edit changes by
// the burst's number.
func handshakes(edit func(i int, h *peerwire.ExtendedHandshake)) func(swarmsim.Burst) []byte {
	return func(b swarmsim.Burst) []byte {
		h := peerwire.ExtendedHandshake{V: "Flood", M: peerwire.Extensions{
			peerwire.DontHaveName: 1,
			peerwire.MetadataName: 2,
			peerwire.PEXName:      3,
		}}
		edit(b.Number, &h)
		return peerwire.Message{Kind: peerwire.Extended, Data: h.AppendTo(nil)}.AppendTo(nil)
	}
}

func turnsUploadOnly(i int, h *peerwire.ExtendedHandshake) { h.UploadOnly = i%2 == 0 }

func reusesNumbers(i int, h *peerwire.ExtendedHandshake) {
	for name := range h.M {
		h.M[name] = uint8(1 + i%3)
	}
}

func swapsNumbers(i int, h *peerwire.ExtendedHandshake) {
	for name, number := range h.M {
		h.M[name] = 1 + (number+uint8(i))%3
	}
}

func manyNumbers(i int, h *peerwire.ExtendedHandshake) {
	for k := 4; k < 256; k++ {
		h.M[fmt.Sprintf("x%d_%d", i, k)] = uint8(k)
	}
}

func changesSize(i int, h *peerwire.ExtendedHandshake) {
	h.MetadataSize = []int{0, 1, 1 << 14, 1<<26 + 1, 1<<31 - 1}[i%5]
}

func lies(i int, h *peerwire.ExtendedHandshake) {
	h.Reqq = []int{1, 1<<31 - 1}[i%2]
	h.P = uint16(1 + i%0xffff)
	h.YourIP = netip.AddrFrom4([4]byte{8, 8, byte(i >> 8), byte(i)})
}

// names returns a flood of messages of peer exchange, with n addresses each, in the first of
// every so many bursts.
func names(n, every int, added, dropped func(b swarmsim.Burst, i int) netip.AddrPort) func(swarmsim.Burst) []byte {
	return func(b swarmsim.Burst) []byte {
		if b.Number%every != 0 {
			return nil
		}
		var p peerwire.PEX
		for i := range n {
			p.Added = append(p.Added, swarm.Address{AddrPort: added(b, i), Flags: swarm.Seed | swarm.Reachable})
			if dropped != nil {
				p.Dropped = append(p.Dropped, swarm.Address{AddrPort: dropped(b, i)})
			}
		}
		return appendExtended(nil, b, peerwire.PEXName, p.AppendTo(nil))
	}
}

// stranger returns an address at which nobody is, which is as public as those of the peers.
func stranger(b swarmsim.Burst) netip.Addr {
	r := b.Random.Uint32()
	return netip.AddrFrom4([4]byte{46, byte(r >> 16), byte(r >> 8), byte(r)})
}

func strangers(b swarmsim.Burst, _ int) netip.AddrPort { return netip.AddrPortFrom(stranger(b), 6881) }

func victim(b swarmsim.Burst, _ int) netip.AddrPort {
	return netip.AddrPortFrom(netip.AddrFrom4([4]byte{46, 0, 0, 1}), uint16(1+b.Random.IntN(0xffff)))
}

func ourselves(_ swarmsim.Burst, i int) netip.AddrPort {
	return netip.AddrPortFrom(netip.AddrFrom4([4]byte{45, 0, byte(i), 1}), 6881)
}

// metadata returns a flood of messages about metadata.
func metadata(t peerwire.MetadataType, size, length int) func(swarmsim.Burst) []byte {
	return func(b swarmsim.Burst) (out []byte) {
		for i := range 5 {
			m := peerwire.MetadataMessage{Type: t, Piece: i, TotalSize: size}
			if length > 0 {
				m.Data = make([]byte, length)
			}
			out = appendExtended(out, b, peerwire.MetadataName, m.AppendTo(nil))
		}
		return out
	}
}

func unknownExtension(b swarmsim.Burst) (out []byte) {
	for i := range burst {
		m := peerwire.Message{Kind: peerwire.Extended, ExtID: uint8(100 + i), Data: make([]byte, 100)}
		out = m.AppendTo(out)
	}
	return out
}
