package krpc

import (
	"encoding/binary"
	"net/netip"
	"strconv"

	"github.com/shoal-bt/shoal/bencode"
)

// AppendTo appends the message as a datagram, with sorted keys. Keys that do not belong to
// the kind and the method are left out.
func (m *Message) AppendTo(dst []byte) []byte {
	dst = bencode.AppendDict(dst)
	switch m.Kind {
	case Query:
		dst = m.appendArguments(bencode.AppendString(dst, "a"))
	case Failure:
		dst = bencode.AppendList(bencode.AppendString(dst, "e"))
		dst = bencode.AppendString(bencode.AppendInt(dst, int64(m.Code)), m.Text)
		dst = bencode.AppendEnd(dst)
	}
	if m.External.IsValid() {
		dst = appendAddr(bencode.AppendString(dst, "ip"), m.External)
	}
	if m.Kind == Query {
		dst = bencode.AppendString(bencode.AppendString(dst, "q"), m.Method.String())
	}
	if m.Kind == Response {
		dst = m.appendResults(bencode.AppendString(dst, "r"))
	}
	if m.ReadOnly {
		dst = bencode.AppendInt(bencode.AppendString(dst, "ro"), 1)
	}
	dst = bencode.AppendBytes(bencode.AppendString(dst, "t"), m.Transaction)
	dst = appendBytes(dst, "v", m.Version)
	return bencode.AppendEnd(bencode.AppendString(bencode.AppendString(dst, "y"), [...]string{Query: "q", Response: "r", Failure: "e"}[m.Kind]))
}

func (m *Message) appendArguments(dst []byte) []byte {
	dst = bencode.AppendDict(dst)
	if m.HasCas {
		dst = appendInt(dst, "cas", m.Cas)
	}
	dst = appendBytes(dst, "id", m.ID[:])
	dst = appendFlag(dst, "implied_port", m.ImpliedPort)
	if m.Method == GetPeers || m.Method == AnnouncePeer {
		dst = appendBytes(dst, "info_hash", m.Target[:])
	}
	dst = appendBytes(dst, "k", m.Key)
	dst = appendFlag(dst, "noseed", m.NoSeed)
	if m.Method == AnnouncePeer {
		dst = appendInt(dst, "port", int64(m.Port))
	}
	dst = appendBytes(dst, "salt", m.Salt)
	dst = appendFlag(dst, "scrape", m.Scrape)
	dst = appendFlag(dst, "seed", m.Seed)
	if m.HasSeq {
		dst = appendInt(dst, "seq", m.Seq)
	}
	dst = appendBytes(dst, "sig", m.Sig)
	if m.Method == FindNode || m.Method == Get || m.Method == SampleInfohashes {
		dst = appendBytes(dst, "target", m.Target[:])
	}
	dst = appendBytes(dst, "token", m.Token)
	if m.Value != nil {
		dst = append(bencode.AppendString(dst, "v"), m.Value...)
	}
	if m.Want != 0 {
		dst = bencode.AppendList(bencode.AppendString(dst, "want"))
		if m.Want&Want4 != 0 {
			dst = bencode.AppendString(dst, "n4")
		}
		if m.Want&Want6 != 0 {
			dst = bencode.AppendString(dst, "n6")
		}
		dst = bencode.AppendEnd(dst)
	}
	return bencode.AppendEnd(dst)
}

func (m *Message) appendResults(dst []byte) []byte {
	dst = bencode.AppendDict(dst)
	if m.Peers != nil {
		dst = appendBytes(dst, "BFpe", m.Peers[:])
	}
	if m.Seeds != nil {
		dst = appendBytes(dst, "BFsd", m.Seeds[:])
	}
	dst = appendBytes(dst, "id", m.ID[:])
	if m.Sampled {
		dst = appendInt(dst, "interval", m.Interval)
	}
	dst = appendBytes(dst, "k", m.Key)
	dst = m.appendNodes(dst)
	if m.Sampled {
		dst = appendInt(dst, "num", m.Num)
		dst = bencode.AppendBytes(bencode.AppendString(dst, "samples"), m.Samples)
	}
	if m.HasSeq {
		dst = appendInt(dst, "seq", m.Seq)
	}
	dst = appendBytes(dst, "sig", m.Sig)
	dst = appendBytes(dst, "token", m.Token)
	if m.Value != nil {
		dst = append(bencode.AppendString(dst, "v"), m.Value...)
	}
	if len(m.Values) > 0 {
		dst = bencode.AppendList(bencode.AppendString(dst, "values"))
		for _, a := range m.Values {
			dst = appendAddr(dst, a)
		}
		dst = bencode.AppendEnd(dst)
	}
	return bencode.AppendEnd(dst)
}

// appendNodes appends the nodes of each family under its key. HasNodes without nodes gives
// an empty "nodes".
func (m *Message) appendNodes(dst []byte) []byte {
	n4, n6 := 0, 0
	for _, c := range m.Nodes {
		if c.Addr.Addr().Is4() {
			n4++
		} else {
			n6++
		}
	}
	if n4 > 0 || (m.HasNodes && n6 == 0) {
		dst = appendLength(bencode.AppendString(dst, "nodes"), 26*n4)
		dst = m.appendFamily(dst, true)
	}
	if n6 > 0 {
		dst = appendLength(bencode.AppendString(dst, "nodes6"), 38*n6)
		dst = m.appendFamily(dst, false)
	}
	return dst
}

func (m *Message) appendFamily(dst []byte, is4 bool) []byte {
	for _, c := range m.Nodes {
		if c.Addr.Addr().Is4() == is4 {
			dst = appendCompact(append(dst, c.ID[:]...), c.Addr)
		}
	}
	return dst
}

func appendInt(dst []byte, key string, i int64) []byte {
	return bencode.AppendInt(bencode.AppendString(dst, key), i)
}

// appendBytes appends a key with a string, unless that is empty.
func appendBytes(dst []byte, key string, b []byte) []byte {
	if len(b) == 0 {
		return dst
	}
	return bencode.AppendBytes(bencode.AppendString(dst, key), b)
}

func appendFlag(dst []byte, key string, set bool) []byte {
	if !set {
		return dst
	}
	return appendInt(dst, key, 1)
}

// appendLength begins a string whose bytes follow.
func appendLength(dst []byte, n int) []byte {
	return append(strconv.AppendInt(dst, int64(n), 10), ':')
}

func appendAddr(dst []byte, a netip.AddrPort) []byte {
	n := 6
	if !a.Addr().Is4() {
		n = 18
	}
	return appendCompact(appendLength(dst, n), a)
}

func appendCompact(dst []byte, a netip.AddrPort) []byte {
	if a.Addr().Is4() {
		b := a.Addr().As4()
		dst = append(dst, b[:]...)
	} else {
		b := a.Addr().As16()
		dst = append(dst, b[:]...)
	}
	return binary.BigEndian.AppendUint16(dst, a.Port())
}
