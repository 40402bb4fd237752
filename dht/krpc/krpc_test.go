package krpc_test

import (
	"bytes"
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"github.com/shoal-bt/shoal/dht/krpc"
	"github.com/shoal-bt/shoal/dht/nodeid"
	"github.com/stretchr/testify/require"
)

var (
	abc = nodeid.ID([]byte("abcdefghij0123456789"))
	mno = nodeid.ID([]byte("mnopqrstuvwxyz123456"))
)

// A ping as BEP 5 shows it, and what is read of it.
func Example() {
	m, err := krpc.Parse([]byte("d1:ad2:id20:abcdefghij0123456789e1:q4:ping1:t2:aa1:y1:qe"))
	fmt.Println(m.Method, string(m.ID[:]), err)
	answer := krpc.Message{Kind: krpc.Response, Transaction: m.Transaction, ID: nodeid.ID([]byte("mnopqrstuvwxyz123456"))}
	fmt.Println(string(answer.AppendTo(nil)))
	// Output:
	// ping abcdefghij0123456789 <nil>
	// d1:rd2:id20:mnopqrstuvwxyz123456e1:t2:aa1:y1:re
}

// The examples of BEP 5, read and written.
func TestVectors(t *testing.T) {
	tid := []byte("aa")
	for wire, m := range map[string]krpc.Message{
		"d1:eli201e23:A Generic Error Ocurrede1:t2:aa1:y1:ee":      {Kind: krpc.Failure, Code: 201, Text: "A Generic Error Ocurred"},
		"d1:ad2:id20:abcdefghij0123456789e1:q4:ping1:t2:aa1:y1:qe": {Kind: krpc.Query, Method: krpc.Ping, ID: abc},
		"d1:rd2:id20:mnopqrstuvwxyz123456e1:t2:aa1:y1:re":          {Kind: krpc.Response, ID: mno},
		"d1:ad2:id20:abcdefghij01234567896:target20:mnopqrstuvwxyz123456e1:q9:find_node1:t2:aa1:y1:qe": {
			Kind: krpc.Query, Method: krpc.FindNode, ID: abc, Target: mno, HasTarget: true},
		"d1:ad2:id20:abcdefghij01234567899:info_hash20:mnopqrstuvwxyz123456e1:q9:get_peers1:t2:aa1:y1:qe": {
			Kind: krpc.Query, Method: krpc.GetPeers, ID: abc, Target: mno, HasTarget: true},
		"d1:rd2:id20:abcdefghij01234567895:token8:aoeusnth6:valuesl6:axje.u6:idhtnmee1:t2:aa1:y1:re": {
			Kind: krpc.Response, ID: abc, Token: []byte("aoeusnth"), Values: []netip.AddrPort{
				netip.MustParseAddrPort("97.120.106.101:11893"), netip.MustParseAddrPort("105.100.104.116:28269")}},
		"d1:ad2:id20:abcdefghij012345678912:implied_porti1e9:info_hash20:mnopqrstuvwxyz1234564:porti6881e5:token8:aoeusnthe1:q13:announce_peer1:t2:aa1:y1:qe": {
			Kind: krpc.Query, Method: krpc.AnnouncePeer, ID: abc, Target: mno, HasTarget: true, Port: 6881, ImpliedPort: true, Token: []byte("aoeusnth")},
	} {
		m.Transaction = tid
		got, err := krpc.Parse([]byte(wire))
		require.NoError(t, err, wire)
		require.Equal(t, m, got)
		require.Equal(t, wire, string(m.AppendTo(nil)))
	}
}

// Everything that can be written is read again, with both families.
func TestRoundTrip(t *testing.T) {
	nodes := []krpc.Contact{{abc, netip.MustParseAddrPort("1.2.3.4:5")}, {mno, netip.MustParseAddrPort("[2001:db8::1]:65535")}}
	filter := &[256]byte{0: 1, 255: 2}
	for name, m := range map[string]krpc.Message{
		"get_peers": {Kind: krpc.Query, Method: krpc.GetPeers, Target: mno, HasTarget: true, Want: krpc.Want4 | krpc.Want6, NoSeed: true, Scrape: true, ReadOnly: true, Version: []byte("SL01")},
		"announce":  {Kind: krpc.Query, Method: krpc.AnnouncePeer, Target: mno, HasTarget: true, Port: 1, Seed: true, Token: []byte("t")},
		"get":       {Kind: krpc.Query, Method: krpc.Get, Target: mno, HasTarget: true, Seq: -1, HasSeq: true},
		"sample":    {Kind: krpc.Query, Method: krpc.SampleInfohashes, Target: mno, HasTarget: true},
		"put": {Kind: krpc.Query, Method: krpc.Put, Token: []byte("t"), Value: []byte("12:Hello World!"), Key: make([]byte, 32), Sig: make([]byte, 64),
			Salt: []byte("foobar"), Seq: 4, HasSeq: true, Cas: 3, HasCas: true},
		"answer": {Kind: krpc.Response, External: netip.MustParseAddrPort("9.8.7.6:54321"), Nodes: nodes, HasNodes: true, Token: []byte("x"),
			Values: []netip.AddrPort{nodes[0].Addr, nodes[1].Addr}, Seeds: filter, Peers: filter},
		"six":      {Kind: krpc.Response, External: netip.MustParseAddrPort("[2001:db8::2]:1"), Nodes: nodes[1:], HasNodes: true},
		"no nodes": {Kind: krpc.Response, HasNodes: true},
		"samples":  {Kind: krpc.Response, Samples: make([]byte, 40), Sampled: true, Num: 7, Interval: 21600},
		"item":     {Kind: krpc.Response, Value: []byte("d1:ai1ee"), Key: make([]byte, 32), Sig: make([]byte, 64), Seq: 1 << 62, HasSeq: true},
	} {
		m.Transaction, m.ID = []byte("tt"), abc
		got, err := krpc.Parse(m.AppendTo(nil))
		require.NoError(t, err, name)
		require.Equal(t, m, got, name)
	}
}

// Each key of a wrong type or length is as if it were missing, and the rest is used.
func TestWrongTypes(t *testing.T) {
	const begin, end = "d1:rd2:id20:abcdefghij0123456789", "e1:t1:x1:y1:re"
	wrong := []string{"i7e", "le", "de", "3:abc", "0:"}
	for _, key := range []string{"BFpe", "BFsd", "k", "nodes", "nodes6", "sig", "values", "interval", "num", "seq", "token", "samples"} {
		for _, v := range wrong {
			wire := fmt.Sprintf("%s%d:%s%s%s", begin, len(key), key, v, end)
			m, err := krpc.Parse([]byte(wire))
			require.NoError(t, err, wire)
			require.Equal(t, abc, m.ID)
			require.Empty(t, m.Nodes)
			require.Empty(t, m.Values)
			require.Empty(t, m.Key)
			require.Empty(t, m.Sig)
			require.Nil(t, m.Seeds)
			require.Empty(t, m.Samples)
		}
	}
	for _, key := range []string{"ip", "ro", "v"} {
		for _, v := range wrong {
			wire := fmt.Sprintf("d%d:%s%s1:rd2:id20:abcdefghij0123456789e1:t1:x1:y1:re", len(key), key, v)
			m, err := krpc.Parse([]byte(wire))
			require.NoError(t, err, wire)
			require.False(t, m.External.IsValid())
		}
	}
	for _, key := range []string{"noseed", "scrape", "want", "seed"} {
		for _, v := range wrong {
			wire := fmt.Sprintf("d1:ad2:id20:abcdefghij01234567899:info_hash20:mnopqrstuvwxyz123456%d:%s%se1:q9:get_peers1:t1:x1:y1:qe", len(key), key, v)
			_, err := krpc.Parse([]byte(wire))
			require.NoError(t, err, wire)
		}
	}
}

// Counts and times that are negative are as good as none.
func TestNegativeNumbers(t *testing.T) {
	m, err := krpc.Parse([]byte("d1:rd2:id20:abcdefghij01234567898:intervali-5e3:numi-7e7:samples0:e1:t1:x1:y1:re"))
	require.NoError(t, err)
	require.True(t, m.Sampled)
	require.Zero(t, m.Num)
	require.Zero(t, m.Interval)
}

// Nodes and peers that cannot be any are left out, one by one.
func TestImpossibleAddresses(t *testing.T) {
	node := func(addr string) string { return string(abc[:]) + addr }
	good, noPort, zero, multicast, broadcast := "\x01\x02\x03\x04\x00\x05", "\x01\x02\x03\x04\x00\x00", "\x00\x00\x00\x00\x00\x05", "\xe0\x00\x00\x01\x00\x05", "\xff\xff\xff\xff\x00\x05"
	all := node(noPort) + node(zero) + node(good) + node(multicast) + node(broadcast) + "rest"
	wire := fmt.Sprintf("d1:rd2:id20:abcdefghij01234567895:nodes%d:%s6:valuesl6:%s6:%si3e2:xxleee1:t1:x1:y1:re", len(all), all, noPort, good)
	m, err := krpc.Parse([]byte(wire))
	require.NoError(t, err)
	want := netip.MustParseAddrPort("1.2.3.4:5")
	require.Equal(t, []krpc.Contact{{abc, want}}, m.Nodes)
	require.Equal(t, []netip.AddrPort{want}, m.Values)
}

// What is wrong with a query, its sender is told; what is no message is no answer worth.
func TestErrors(t *testing.T) {
	const from, to = "2:id20:abcdefghij0123456789", "6:target20:mnopqrstuvwxyz123456"
	query := func(method, arguments string) string {
		return fmt.Sprintf("d1:ad%se1:q%d:%s1:t2:aa1:y1:qe", arguments, len(method), method)
	}
	for name, q := range map[string]string{
		"no id":                query("ping", ""),
		"a short id":           query("ping", "2:id3:abc"),
		"an id that is number": query("ping", "2:idi3e"),
		"no target":            query("find_node", from),
		"target of get_peers":  query("get_peers", from+to),
		"no port":              query("announce_peer", from+"9:info_hash20:mnopqrstuvwxyz1234565:token1:x"),
		"port 65536":           query("announce_peer", from+"9:info_hash20:mnopqrstuvwxyz1234564:porti65536e5:token1:x"),
		"port 65537":           query("announce_peer", from+"9:info_hash20:mnopqrstuvwxyz1234564:porti65537e5:token1:x"),
		"a negative port":      query("announce_peer", from+"9:info_hash20:mnopqrstuvwxyz1234564:porti-1e5:token1:x"),
		"no token":             query("announce_peer", from+"9:info_hash20:mnopqrstuvwxyz1234564:porti1e"),
		"put without token":    query("put", from+"1:v1:x"),
		"put without value":    query("put", from+"5:token1:x"),
		"no arguments":         "d1:q4:ping1:t2:aa1:y1:qe",
		"arguments of a list":  "d1:ale1:q4:ping1:t2:aa1:y1:qe",
	} {
		m, err := krpc.Parse([]byte(q))
		var e *krpc.Error
		require.ErrorAs(t, err, &e, name)
		require.Equal(t, krpc.ProtocolError, e.Code, name)
		require.Equal(t, "aa", string(m.Transaction), name)
		require.Equal(t, krpc.Query, m.Kind, name)
	}
	for name, b := range map[string]string{
		"empty":                     "",
		"a list":                    "le",
		"no transaction":            "d1:rd2:id20:abcdefghij0123456789e1:y1:re",
		"a number as transaction":   "d1:rd2:id20:abcdefghij0123456789e1:ti1e1:y1:re",
		"a long transaction":        "d1:rd2:id20:abcdefghij0123456789e1:t1000:" + strings.Repeat("x", 1000) + "1:y1:re",
		"no kind":                   "d1:rd2:id20:abcdefghij0123456789e1:t2:aae",
		"an unknown kind":           "d1:rd2:id20:abcdefghij0123456789e1:t2:aa1:y1:ze",
		"an answer without id":      "d1:rde1:t2:aa1:y1:re",
		"an answer without results": "d1:t2:aa1:y1:re",
		"too long":                  "d1:rd2:id20:abcdefghij0123456789e1:t2:aa1:v2000:" + strings.Repeat("v", 2000) + "1:y1:re",
		"too deep":                  "d1:rd1:a" + strings.Repeat("l", 50) + strings.Repeat("e", 50) + "2:id20:abcdefghij0123456789e1:t2:aa1:y1:re",
	} {
		_, err := krpc.Parse([]byte(b))
		require.Error(t, err, name)
		var e *krpc.Error
		require.NotErrorAs(t, err, &e, name)
	}
	m, err := krpc.Parse([]byte("d1:ad" + from + "e1:q3:foo1:t0:1:y1:qe"))
	require.NoError(t, err)
	require.Equal(t, krpc.UnknownMethod, m.Method)
	require.NotNil(t, m.Transaction, "an empty one")
	m, err = krpc.Parse([]byte("d1:e5:wrong1:t2:aa1:y1:ee"))
	require.NoError(t, err)
	require.Zero(t, m.Code)
	m, err = krpc.Parse([]byte("d1:eli-5e500:" + strings.Repeat("x", 500) + "e1:t2:aa1:y1:ee"))
	require.NoError(t, err)
	require.Zero(t, m.Code)
	require.Len(t, m.Text, 200)
}

// Keys may come in any order, bytes may follow, and unknown methods keep their target.
func TestLenient(t *testing.T) {
	for _, more := range []string{"x", "\x00", "e", "de"} {
		m, err := krpc.Parse([]byte("d1:rd2:id20:abcdefghij0123456789e1:t2:aa1:y1:re" + more))
		require.NoError(t, err)
		require.Equal(t, abc, m.ID)
	}
	m, err := krpc.Parse([]byte("d1:y1:q1:t2:aa1:q3:foo1:ad6:target20:mnopqrstuvwxyz1234562:id20:abcdefghij0123456789ee"))
	require.NoError(t, err)
	require.True(t, m.HasTarget)
	m, err = krpc.Parse([]byte("d2:ip4:\x01\x02\x03\x041:rd2:id20:abcdefghij01234567896:values12:\x01\x02\x03\x04\x00\x05\x01\x02\x03\x04\x00\x06e1:t2:aa1:y1:re"))
	require.NoError(t, err)
	require.Equal(t, netip.MustParseAddr("1.2.3.4"), m.External.Addr())
	require.Len(t, m.Values, 2, "one string of all")
}

func FuzzParse(f *testing.F) {
	f.Add([]byte("d1:ad2:id20:abcdefghij01234567896:target20:mnopqrstuvwxyz1234564:wantl2:n42:n6ee1:q9:find_node1:t2:aa1:y1:qe"))
	f.Add([]byte("d2:ip6:abcdef1:rd2:id20:abcdefghij01234567895:nodes26:abcdefghij0123456789abcdef5:token8:aoeusnth6:valuesl6:axje.u6:idhtnmee1:t2:aa1:y1:re"))
	f.Add([]byte("d1:ad3:casi1e2:id20:abcdefghij01234567891:k1:x4:salt1:s3:seqi1e5:token1:t1:vd1:xi1eee1:q3:put1:t2:aa1:y1:qe"))
	f.Add([]byte("d1:eli201e1:xe1:t2:aa1:y1:ee"))
	f.Fuzz(func(t *testing.T, b []byte) {
		before := bytes.Clone(b)
		m, err := krpc.Parse(b)
		require.Equal(t, before, b)
		if err != nil {
			return
		}
		for _, c := range m.Nodes {
			require.True(t, c.Addr.IsValid() && c.Addr.Port() != 0 && !c.Addr.Addr().Is4In6())
		}
		// What is written of it is read as the same.
		if m.Kind != krpc.Response {
			return
		}
		again, err := krpc.Parse(m.AppendTo(nil))
		require.NoError(t, err)
		require.Equal(t, m.Nodes == nil, again.Nodes == nil)
		require.Equal(t, m.ID, again.ID)
		require.Equal(t, m.Values, again.Values)
	})
}

func BenchmarkParse(b *testing.B) {
	wire := []byte("d1:ad2:id20:abcdefghij01234567899:info_hash20:mnopqrstuvwxyz123456e1:q9:get_peers1:t2:aa1:y1:qe")
	b.ReportAllocs()
	for b.Loop() {
		krpc.Parse(wire)
	}
}
