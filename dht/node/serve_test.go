package node

import (
	"crypto/ed25519"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/shoal-bt/shoal/dht/bloom"
	"github.com/shoal-bt/shoal/dht/item"
	"github.com/shoal-bt/shoal/dht/krpc"
	"github.com/shoal-bt/shoal/dht/nodeid"
	"github.com/stretchr/testify/require"
)

// A node answers each method, with its id, and with the address that it sees.
func TestServe(t *testing.T) {
	w := newWorld(t, Config{Version: "SL01"})
	nodes := w.know(20)
	from := public(1)
	a := w.ask(from, krpc.Message{Method: krpc.Ping})
	require.Equal(t, krpc.Response, a.Kind)
	require.Equal(t, w.s.ID(), a.ID)
	require.Equal(t, from, a.External)
	require.Equal(t, "SL01", string(a.Version))
	require.Equal(t, "tt", string(a.Transaction))

	a = w.ask(from, krpc.Message{Method: krpc.FindNode, Target: nodes[3].ID, HasTarget: true})
	require.Len(t, a.Nodes, 8)
	require.Equal(t, nodes[3], a.Nodes[0])

	swarm := nodeid.ID{1}
	a = w.ask(from, krpc.Message{Method: krpc.GetPeers, Target: swarm, HasTarget: true})
	require.Len(t, a.Nodes, 8)
	require.NotEmpty(t, a.Token)
	require.Empty(t, a.Values)
	token := a.Token
	announce := krpc.Message{Method: krpc.AnnouncePeer, Target: swarm, HasTarget: true, Port: 51413, Token: token, Seed: true}
	require.Equal(t, krpc.Response, w.ask(from, announce).Kind)
	announce.ImpliedPort = true
	other := public(2)
	stolen := w.ask(other, announce)
	require.Equal(t, krpc.Failure, stolen.Kind)
	require.Equal(t, krpc.ProtocolError, stolen.Code)
	announce.Token = w.ask(other, krpc.Message{Method: krpc.GetPeers, Target: swarm, HasTarget: true}).Token
	announce.Seed = false
	require.Equal(t, krpc.Response, w.ask(other, announce).Kind)

	a = w.ask(public(3), krpc.Message{Method: krpc.GetPeers, Target: swarm, HasTarget: true, Scrape: true})
	require.ElementsMatch(t, []netip.AddrPort{netip.AddrPortFrom(from.Addr(), 51413), other}, a.Values)
	require.InDelta(t, 1, (*bloom.Filter)(a.Seeds).Estimate(), 0.1)
	require.InDelta(t, 1, (*bloom.Filter)(a.Peers).Estimate(), 0.1)

	a = w.ask(public(3), krpc.Message{Method: krpc.SampleInfohashes, Target: swarm, HasTarget: true})
	require.Equal(t, swarm[:], a.Samples)
	require.EqualValues(t, 1, a.Num)
	require.Zero(t, a.Interval)

	w.wait(11 * time.Minute)
	require.Equal(t, krpc.Failure, w.ask(from, krpc.Message{Method: krpc.AnnouncePeer, Target: swarm, HasTarget: true, Port: 1, Token: token}).Kind, "the token is too old")
	w.wait(30 * time.Minute)
	require.Empty(t, w.ask(from, krpc.Message{Method: krpc.GetPeers, Target: swarm, HasTarget: true}).Values)
}

// A method of tomorrow gets nodes if it has a target, and error 204 otherwise.
func TestUnknownMethod(t *testing.T) {
	w := newWorld(t, Config{})
	w.know(10)
	wire := func(arguments string) []sent {
		w.took()
		w.s.Receive(w.now, public(1), []byte("d1:ad2:id20:abcdefghij0123456789"+arguments+"e1:q3:new2:roi1e1:t1:x1:y1:qe"))
		w.settle()
		return w.sent
	}
	require.Equal(t, krpc.MethodUnknown, wire("")[0].Code)
	require.Len(t, wire("6:target20:mnopqrstuvwxyz123456")[0].Nodes, 8)
}

// A swarm of many peers fits into one datagram, with filters and nodes of both families.
func TestAnswersFit(t *testing.T) {
	w := newWorld(t, Config{QueriesPerAddr: -1, Queries: -1})
	six := newWorld(t, Config{Is6: true})
	Pair(w.s, six.s)
	w.know(30)
	swarm := nodeid.ID{1}
	for i := range 1500 {
		require.NoError(t, w.s.peers.Add(w.now, w.s.self, swarm, public(i), i%2 == 0))
	}
	a := w.ask(public(1), krpc.Message{Method: krpc.GetPeers, Target: swarm, HasTarget: true, Scrape: true, Want: krpc.Want4 | krpc.Want6})
	require.NotEmpty(t, a.Values)
	require.NotNil(t, a.Seeds)
	require.Empty(t, a.Token, "it has as many peers as can be counted")
	a = w.ask(public(1), krpc.Message{Method: krpc.GetPeers, Target: swarm, HasTarget: true})
	require.Len(t, a.Values, 50)
}

// Items: the error numbers of BEP 44, and what is kept of them.
func TestServeItems(t *testing.T) {
	w := newWorld(t, Config{QueriesPerAddr: -1})
	w.know(10)
	from := public(1)
	private := ed25519.NewKeyFromSeed(make([]byte, 32))
	signed := func(seq int64, value string) krpc.Message {
		i, err := item.Sign(private, []byte("salt"), seq, []byte(value))
		require.NoError(t, err)
		return krpc.Message{Method: krpc.Put, Value: i.Value, Key: i.Key, Salt: i.Salt, Sig: i.Sig, Seq: seq, HasSeq: true}
	}
	target := item.MutableTarget(private.Public().(ed25519.PublicKey), []byte("salt"))
	get := krpc.Message{Method: krpc.Get, Target: target, HasTarget: true}
	token := w.ask(from, get).Token
	put := func(m krpc.Message) int {
		if m.Token == nil {
			m.Token = token
		}
		return w.ask(from, m).Code
	}
	m := signed(1, "1:a")
	m.Token = []byte("stolen..")
	require.Equal(t, krpc.ProtocolError, put(m))
	require.Zero(t, put(signed(1, "1:a")))
	require.Equal(t, krpc.SeqTooLow, put(signed(0, "1:a")))
	require.Equal(t, krpc.SeqTooLow, put(signed(1, "1:b")))
	m = signed(2, "1:c")
	m.Cas, m.HasCas = 7, true
	require.Equal(t, krpc.CasMismatch, put(m))
	m = signed(2, "1:c")
	m.Seq = 3
	require.Equal(t, krpc.BadSignature, put(m))
	m = signed(2, "1:c")
	m.Salt = make([]byte, 65)
	require.Equal(t, krpc.SaltTooBig, put(m))
	m = signed(2, "1:c")
	m.Value = []byte("997:" + strings.Repeat("x", 997))
	require.Equal(t, krpc.ValueTooBig, put(m))
	require.Equal(t, krpc.ProtocolError, put(krpc.Message{Method: krpc.Put, Value: []byte("d1:bi1e1:ai1ee")}), "unsorted keys")
	m = signed(2, "1:c")
	m.HasSeq = false
	require.Equal(t, krpc.ProtocolError, put(m))
	m = signed(-1, "1:c")
	require.Equal(t, krpc.ProtocolError, put(m))
	m = signed(2, "1:c")
	m.Key = m.Key[:31]
	require.Equal(t, krpc.BadSignature, put(m), "a wrong key does not make it immutable")
	require.Equal(t, "1:a", string(w.ask(from, get).Value))
}

// Who has stored as much as one address may is told so with error 202, for peers and for items, and
// others go on.
func TestFullStores(t *testing.T) {
	w := newWorld(t, Config{QueriesPerAddr: -1})
	for _, m := range []krpc.Message{{Method: krpc.AnnouncePeer, HasTarget: true, Port: 1}, {Method: krpc.Put}} {
		store := func(from netip.AddrPort, i int) int {
			m.Token = w.ask(from, krpc.Message{Method: krpc.GetPeers, HasTarget: true}).Token
			m.Target = nodeid.ID{byte(i >> 8), byte(i)}
			if m.Method == krpc.Put {
				m.Value = fmt.Appendf(nil, "i%de", i)
			}
			return w.ask(from, m).Code
		}
		code := 0
		for i := 0; code == 0 && i < 1000; i++ {
			code = store(public(1), i)
		}
		require.Equal(t, krpc.ServerError, code)
		require.Zero(t, store(public(2), 2000))
	}
}

// An item is sent to who does not have it, with nodes as far as they fit.
func TestServeGet(t *testing.T) {
	w := newWorld(t, Config{QueriesPerAddr: -1})
	w.know(10)
	from := public(1)
	i := signer(t)(1, "1:a")
	get := krpc.Message{Method: krpc.Get, Target: i.Target(), HasTarget: true}
	token := w.ask(from, get).Token
	put := krpc.Message{Method: krpc.Put, Token: token, Value: i.Value, Key: i.Key, Salt: i.Salt, Sig: i.Sig, Seq: 1, HasSeq: true}
	require.Zero(t, w.ask(from, put).Code)
	a := w.ask(from, get)
	require.Equal(t, "1:a", string(a.Value))
	require.EqualValues(t, 1, a.Seq)
	get.Seq, get.HasSeq = 1, true
	a = w.ask(from, get)
	require.Nil(t, a.Value, "the asker has it")
	require.True(t, a.HasSeq)

	long := []byte("996:" + strings.Repeat("x", 996))
	require.Zero(t, w.ask(from, krpc.Message{Method: krpc.Put, Token: token, Value: long}).Code)
	immutable := item.Item{Value: long}
	a = w.ask(from, krpc.Message{Method: krpc.Get, Target: immutable.Target(), HasTarget: true, Want: krpc.Want4 | krpc.Want6})
	require.Equal(t, long, a.Value)
	require.False(t, a.HasSeq)
}

// The longest item that is signed leaves room for some nodes only.
func TestLongItemsFit(t *testing.T) {
	w := newWorld(t, Config{})
	w.know(20)
	from := public(1)
	i := signer(t)(1<<62, "996:"+strings.Repeat("x", 996))
	get := krpc.Message{Method: krpc.Get, Target: i.Target(), HasTarget: true}
	token := w.ask(from, get).Token
	require.Zero(t, w.ask(from, krpc.Message{Method: krpc.Put, Token: token, Value: i.Value, Key: i.Key, Salt: i.Salt, Sig: i.Sig, Seq: i.Seq, HasSeq: true}).Code)
	a := w.ask(from, get) // settle checks its length
	require.Equal(t, i.Value, a.Value)
	require.NotEmpty(t, a.Nodes)
	require.Less(t, len(a.Nodes), 8)
}

// Samples beside nodes of both families leave some of these out.
func TestSamplesFit(t *testing.T) {
	w := newWorld(t, Config{})
	six := newWorld(t, Config{Is6: true})
	Pair(w.s, six.s)
	w.know(20)
	for i := range 20 {
		a := netip.AddrFrom16([16]byte{0: 0x20, 1: 1, 5: byte(i), 15: 1})
		six.s.table.Answered(six.now, krpc.Contact{ID: nodeid.ForAddr(a, w.random), Addr: netip.AddrPortFrom(a, 1)}, 0)
		require.NoError(t, w.s.peers.Add(w.now, w.s.self, nodeid.Random(w.random), public(i), false))
	}
	a := w.ask(public(1), krpc.Message{Method: krpc.SampleInfohashes, HasTarget: true, Want: krpc.Want4 | krpc.Want6})
	require.Len(t, a.Samples, 400)
	require.Greater(t, len(a.Nodes), 8)
	require.Less(t, len(a.Nodes), 16)
}

// What is no message gets no answer, and a wrong query an error of 203.
func TestSilence(t *testing.T) {
	w := newWorld(t, Config{})
	for _, b := range []string{"", "x", "le", "d1:rd2:id20:abcdefghij0123456789e1:t2:aa1:y1:re", "d1:q4:ping1:y1:qe", "d1:eli201e1:xe1:t2:aa1:y1:ee"} {
		w.s.Receive(w.now, public(1), []byte(b))
		w.settle()
		require.Empty(t, w.took(), b)
	}
	w.s.Receive(w.now, public(1), []byte("d1:ade1:q4:ping1:t2:aa1:y1:qe"))
	w.settle()
	require.Equal(t, krpc.ProtocolError, w.took()[0].Code)
	ping := krpc.Message{Kind: krpc.Query, Method: krpc.Ping, Transaction: []byte("a")}
	for _, from := range []string{"[2001:db8::1]:1", "1.2.3.4:0", "255.255.255.255:1", "0.0.0.0:1", "224.0.0.1:1"} {
		w.s.Receive(w.now, netip.MustParseAddrPort(from), ping.AppendTo(nil))
		w.settle()
		require.Empty(t, w.took(), from)
	}
	require.NotZero(t, w.s.Stats(w.now).Ignored)
	silent := newWorld(t, Config{ReadOnly: true})
	require.Empty(t, silent.receive(public(1), ping))
}

// One address is served its share, and all together theirs; each second anew.
func TestLimits(t *testing.T) {
	w := newWorld(t, Config{QueriesPerAddr: 5, Queries: 50})
	ping := krpc.Message{Kind: krpc.Query, Method: krpc.Ping, ID: nodeid.ID{1}, ReadOnly: true}
	served := func(from netip.AddrPort, n int) (answers int) {
		for range n {
			answers += len(w.receive(from, ping))
		}
		return answers
	}
	require.Equal(t, 5, served(public(1), 1000))
	require.Equal(t, 5, served(public(2), 10))
	all := 0
	for i := range 100 {
		all += served(public(10+i), 1)
	}
	require.Equal(t, 40, all)
	w.wait(time.Second)
	require.Equal(t, 5, served(public(1), 1000))
	endless := newWorld(t, Config{Queries: -1})
	for i := range maxCounted + 100 {
		endless.s.allow(public(i))
	}
	require.Len(t, endless.s.limits.addrs, maxCounted)
	require.EqualValues(t, 100, endless.s.stats.Dropped)
	six := newWorld(t, Config{Is6: true, QueriesPerAddr: 5})
	n := 0
	for i := range 20 {
		n += len(six.receive(netip.MustParseAddrPort(fmt.Sprintf("[2001:db8::%x]:1", i+1)), ping))
	}
	require.Equal(t, 5, n, "a /64 is one")
}

// A flood of queries, also from the addresses that we ask, does not keep answers away.
func TestFloodBesideALookup(t *testing.T) {
	w := newWorld(t, Config{})
	w.know(20)
	w.s.Begin(w.now, Request{Method: krpc.GetPeers, Target: nodeid.ID{5}})
	w.settle()
	ping := krpc.Message{Kind: krpc.Query, Method: krpc.Ping, ID: nodeid.ID{1}, ReadOnly: true, Transaction: []byte("x")}
	wire := ping.AppendTo(nil)
	for i := range 50_000 {
		w.s.Receive(w.now, public(5000+i%20_000), wire)
	}
	w.settle()
	found := false
	for range 50 {
		for _, q := range w.took() {
			if q.Kind == krpc.Query && q.Method == krpc.GetPeers {
				w.answer(q, krpc.Message{ID: w.s.idOf(q.to), Values: []netip.AddrPort{public(7)}})
			}
		}
		w.wait(100 * time.Millisecond)
		for _, e := range w.happened() {
			_, isPeers := e.(PeersEvent)
			found = found || isPeers
		}
	}
	require.True(t, found)
	require.LessOrEqual(t, w.s.Stats(w.now).Served, int64(DefaultQueries))
	require.Less(t, len(w.s.limits.addrs), DefaultQueries+1)
}

// idOf returns the id that the table has for an address.
func (s *State) idOf(a netip.AddrPort) (id nodeid.ID) {
	for n := range s.table.All {
		if n.Addr == a {
			id = n.ID
		}
	}
	return id
}
