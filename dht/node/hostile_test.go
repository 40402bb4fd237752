package node

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/shoal-bt/shoal/bencode"
	"github.com/shoal-bt/shoal/dht/item"
	"github.com/shoal-bt/shoal/dht/krpc"
	"github.com/shoal-bt/shoal/dht/nodeid"
	"github.com/stretchr/testify/require"
)

// wrongValues returns values of every wrong type, and strings of wrong lengths beside a
// right one of n bytes.
func wrongValues(n int) []string {
	all := []string{"i-1e", "i0e", "i7e", "i70000e", "i9223372036854775807e", "le", "l1:ae", "li1ee", "de", "d1:a1:be"}
	for _, size := range []int{0, 1, n - 1, n + 1, 1000} {
		if size >= 0 && size != n {
			all = append(all, fmt.Sprintf("%d:%s", size, strings.Repeat("x", size)))
		}
	}
	return all
}

// queryFields are the arguments of each method, and how long the string of each is; 0 for
// other types.
var queryFields = map[string]map[string]int{
	"ping":              {"id": 20},
	"find_node":         {"id": 20, "target": 20, "want": 0},
	"get_peers":         {"id": 20, "info_hash": 20, "want": 0, "noseed": 0, "scrape": 0},
	"announce_peer":     {"id": 20, "info_hash": 20, "port": 0, "implied_port": 0, "token": 8, "seed": 0},
	"get":               {"id": 20, "target": 20, "seq": 0, "want": 0},
	"put":               {"id": 20, "token": 8, "v": 0, "k": 32, "sig": 64, "salt": 4, "seq": 0, "cas": 0},
	"sample_infohashes": {"id": 20, "target": 20},
}

// wire returns a query with the right arguments of a method, but for one.
func wire(method, field, wrong string, right map[string]string) []byte {
	body := "d"
	for _, key := range []string{"cas", "id", "implied_port", "info_hash", "k", "noseed", "port", "salt", "scrape", "seed", "seq", "sig", "target", "token", "v", "want"} {
		_, ok := queryFields[method][key]
		switch {
		case key == field:
			body += fmt.Sprintf("%d:%s%s", len(key), key, wrong)
		case ok && right[key] != "":
			body += fmt.Sprintf("%d:%s%s", len(key), key, right[key])
		}
	}
	return fmt.Appendf(nil, "d1:a%se1:q%d:%s1:t2:tt1:y1:qe", body, len(method), method)
}

// Every argument of every query, of every wrong type and length, gets one answer or none,
// and what it asks for is not done if the argument is needed.
func TestWrongArguments(t *testing.T) {
	signed := signer(t)(3, "1:a")
	str := func(b []byte) string { return string(bencode.AppendBytes(nil, b)) }
	for method, fields := range queryFields {
		for field, size := range fields {
			for _, wrong := range wrongValues(size) {
				w := newWorld(t, Config{})
				w.know(3)
				from := public(1)
				token := w.ask(from, krpc.Message{Method: krpc.GetPeers, HasTarget: true}).Token
				right := map[string]string{
					"id": "20:abcdefghij0123456789", "target": "20:mnopqrstuvwxyz123456", "info_hash": "20:mnopqrstuvwxyz123456",
					"port": "i1e", "token": str(token), "v": "1:a", "k": str(signed.Key), "sig": str(signed.Sig), "salt": "1:s", "seq": "i3e", "want": "l2:n4e",
				}
				w.took()
				w.s.Receive(w.now, from, wire(method, field, wrong, right))
				w.settle()
				answers := 0
				code := 0
				for _, o := range w.took() {
					if o.Kind != krpc.Query {
						answers++
						code = o.Code
					}
				}
				name := fmt.Sprintf("%s: %s %.40s", method, field, wrong)
				require.Equal(t, 1, answers, name)
				stats := w.s.Stats(w.now)
				isNeeded := field == "id" || field == "target" || field == "info_hash" || field == "token"
				if isNeeded || (method == "put" && field != "cas" && field != "v") {
					isSame := field == "seq" && (wrong == "i3e")
					require.True(t, code >= 203 && code <= 207 || isSame, name)
				}
				if isNeeded && (method == "announce_peer" || method == "put") {
					require.Zero(t, stats.Peers+stats.Items, name)
				}
			}
		}
	}
}

// Every result of every answer, of every wrong type and length, ends the query that it
// answers, and the look-up goes on.
func TestWrongResults(t *testing.T) {
	fields := map[string]int{"id": 20, "nodes": 26, "nodes6": 38, "token": 8, "values": 0, "v": 0, "k": 32, "sig": 64, "seq": 0, "BFsd": 256, "BFpe": 256, "samples": 20, "num": 0, "interval": 0}
	methods := []Request{{Method: krpc.GetPeers, Scrape: true}, {Method: krpc.AnnouncePeer, Port: 1}, {Method: krpc.Get}, {Method: krpc.SampleInfohashes}, {Method: krpc.FindNode},
		{Method: krpc.Put, Item: item.Item{Value: []byte("1:x")}}}
	for field, size := range fields {
		for i, wrong := range wrongValues(size) {
			w := newWorld(t, Config{})
			w.know(5)
			r := methods[i%len(methods)]
			r.Target = nodeid.ID{7}
			id := w.s.Begin(w.now, r)
			w.settle()
			isDone := false
			for range 200 {
				for _, q := range w.took() {
					if q.Kind != krpc.Query {
						continue
					}
					body := fmt.Sprintf("d%d:%s%se", len(field), field, wrong)
					if field != "id" {
						nodeID := w.s.idOf(q.to)
						body = fmt.Sprintf("d2:id20:%s%d:%s%se", nodeID[:], len(field), field, wrong)
					}
					w.s.Receive(w.now, q.to, fmt.Appendf(nil, "d1:r%s1:t4:%s1:y1:re", body, q.Transaction))
					w.settle()
				}
				w.wait(100 * time.Millisecond)
			}
			for _, e := range w.happened() {
				d, ok := e.(DoneEvent)
				isDone = isDone || (ok && d.Task == id)
			}
			require.True(t, isDone, "%s %.40s", field, wrong)
			require.LessOrEqual(t, w.s.Stats(w.now).Queries, 2, "of the upkeep")
		}
	}
}

// Keys of a message of every wrong type and length. Without a transaction, a kind or the
// answer's id nobody answers.
func TestWrongEnvelopes(t *testing.T) {
	const args = "d2:id20:abcdefghij0123456789e"
	for _, key := range []string{"a", "ip", "q", "ro", "t", "v", "y"} {
		for _, wrong := range wrongValues(4) {
			right := map[string]string{"a": args, "q": "4:ping", "t": "2:tt", "y": "1:q"}
			right[key] = wrong
			b := "d"
			for _, k := range []string{"a", "ip", "q", "ro", "t", "v", "y"} {
				if right[k] != "" {
					b += fmt.Sprintf("%d:%s%s", len(k), k, right[k])
				}
			}
			w := newWorld(t, Config{})
			w.s.Receive(w.now, public(1), []byte(b+"e"))
			w.settle()
			answers := 0
			for _, o := range w.took() {
				if o.Kind != krpc.Query {
					answers++
				}
			}
			isString := wrong[0] >= '0' && wrong[0] <= '9'
			isSilent := key == "y" || (key == "t" && (!isString || len(wrong) > 1000))
			require.Equal(t, !isSilent, answers == 1, "%s %.40s", key, wrong)
		}
	}
}

// Keys of an answer, and of an error, of every wrong type and length. Each ends its query, at once if
// it has the transaction's id, and the search goes on with the others.
func TestWrongEnvelopesOfAnswers(t *testing.T) {
	for _, kind := range []string{"r", "e"} {
		for _, key := range []string{"e", "ip", "r", "ro", "t", "v", "y"} {
			for _, wrong := range wrongValues(6) {
				w := newWorld(t, Config{})
				nodes := w.know(8)
				id := w.s.Begin(w.now, Request{Method: krpc.FindNode, Target: nodes[0].ID})
				done, _ := w.play(id, func(q sent) (krpc.Message, bool) {
					if q.to != nodes[0].Addr {
						return krpc.Message{ID: w.s.idOf(q.to)}, true
					}
					right := map[string]string{
						"e": "li201e2:noe",
						"r": fmt.Sprintf("d2:id20:%se", nodes[0].ID[:]),
						"t": fmt.Sprintf("4:%s", q.Transaction),
						"y": "1:" + kind,
					}
					right[key] = wrong
					b := "d"
					for _, k := range []string{"e", "ip", "r", "ro", "t", "v", "y"} {
						if right[k] != "" {
							b += fmt.Sprintf("%d:%s%s", len(k), k, right[k])
						}
					}
					before := w.s.Stats(w.now).Queries
					w.s.Receive(w.now, q.to, []byte(b+"e"))
					if key != "t" {
						require.Equal(t, before-1, w.s.Stats(w.now).Queries, "%s: %s %.40s", kind, key, wrong)
					}
					return krpc.Message{}, false
				})
				require.NoError(t, done.Err)
				isFound := slices.Contains(done.Nodes, nodes[0])
				isRight := kind == "r" && key != "r" && key != "t" && key != "y"
				require.Equal(t, isRight, isFound, "%s: %s %.40s", kind, key, wrong)
				require.GreaterOrEqual(t, len(done.Nodes), 7)
			}
		}
	}
}

// Transaction ids of 0 bytes come back as they were; those of 1,000 bytes get no answer.
func TestTransactions(t *testing.T) {
	w := newWorld(t, Config{})
	for n, want := range map[int]int{0: 1, 1: 1, 20: 1, krpc.MaxTransaction: 1, krpc.MaxTransaction + 1: 0, 1000: 0} {
		id := []byte(strings.Repeat("t", n))
		all := w.receive(public(1), krpc.Message{Kind: krpc.Query, Method: krpc.Ping, ID: nodeid.ID{1}, ReadOnly: true, Transaction: id})
		require.Len(t, all, want, n)
		if want == 1 {
			require.Equal(t, string(id), string(all[0].Transaction))
		}
	}
}

// Silent nodes of one network do not keep us from asking another one that asks us.
func TestChecksOfOneNetwork(t *testing.T) {
	w := newWorld(t, Config{})
	for i := range 50 {
		from := netip.AddrPortFrom(netip.AddrFrom4([4]byte{99, 1, 2, byte(i)}), 1)
		w.receive(from, krpc.Message{Kind: krpc.Query, Method: krpc.Ping, ID: nodeid.Random(w.random)})
	}
	require.Equal(t, 1, w.s.checks.open)
	c := w.contact(1)
	w.receive(c.Addr, krpc.Message{Kind: krpc.Query, Method: krpc.Ping, ID: c.ID})
	require.Equal(t, 2, w.s.checks.open)
	w.wait(time.Minute)
	require.Zero(t, w.s.checks.open)
	require.Empty(t, w.s.checks.networks)
}

// A token counts at its address alone, and for ten minutes at most, also for items.
func TestReplayedTokens(t *testing.T) {
	w := newWorld(t, Config{})
	i := signer(t)(1, "1:a")
	put := krpc.Message{Method: krpc.Put, Value: i.Value, Key: i.Key, Salt: i.Salt, Sig: i.Sig, Seq: 1, HasSeq: true}
	announce := krpc.Message{Method: krpc.AnnouncePeer, HasTarget: true, Port: 1}
	token := w.ask(public(1), krpc.Message{Method: krpc.Get, HasTarget: true}).Token
	for _, m := range []krpc.Message{put, announce} {
		m.Token = token
		require.Equal(t, krpc.ProtocolError, w.ask(public(2), m).Code, "from elsewhere")
		require.Zero(t, w.ask(public(1), m).Code)
		require.Zero(t, w.ask(netip.AddrPortFrom(public(1).Addr(), 9), m).Code, "routers change ports")
	}
	w.wait(11 * time.Minute)
	for _, m := range []krpc.Message{put, announce} {
		m.Token = token
		require.Equal(t, krpc.ProtocolError, w.ask(public(1), m).Code, "too late")
	}
	stats := w.s.Stats(w.now)
	require.Equal(t, 2, stats.Peers+stats.Items)
}

// The eight hostile nodes whose ids are nearest to a swarm, and do not fit, get no announce
// while others are there, and are not named to who asks.
func TestHostileNeighbors(t *testing.T) {
	w := newWorld(t, Config{})
	w.know(30)
	swarm := nodeid.ID{7}
	hostile := make(map[netip.AddrPort]bool)
	for i := range 8 {
		c := krpc.Contact{ID: nodeid.Random(w.random).WithPrefix(swarm, 60), Addr: public(9000 + i)}
		hostile[c.Addr] = true
		w.s.table.Answered(w.now, c, time.Millisecond)
	}
	id := w.s.Begin(w.now, Request{Method: krpc.AnnouncePeer, Target: swarm, Port: 1})
	done, _ := w.play(id, func(q sent) (krpc.Message, bool) {
		require.False(t, q.Method == krpc.AnnouncePeer && hostile[q.to])
		return krpc.Message{ID: w.s.idOf(q.to), Token: []byte("t")}, true
	})
	require.Equal(t, 8, done.Stored)
	for _, c := range append(done.Nodes, w.ask(public(1), krpc.Message{Method: krpc.GetPeers, Target: swarm, HasTarget: true}).Nodes...) {
		require.False(t, hostile[c.Addr])
	}
}

// A node that enforces BEP 42 neither asks, believes nor stores at nodes whose ids do not
// fit, even if nobody else is there.
func TestEnforcedIDs(t *testing.T) {
	w := newWorld(t, Config{EnforceIDs: true})
	nodes := w.know(5)
	misfit := krpc.Contact{ID: nodeid.Random(w.random), Addr: public(9000)}
	swarm := misfit.ID
	turned := nodes[0].Addr // it answers with an id that does not fit
	id := w.s.Begin(w.now, Request{Method: krpc.AnnouncePeer, Target: swarm, Port: 1})
	done, events := w.play(id, func(q sent) (krpc.Message, bool) {
		require.NotEqual(t, misfit.Addr, q.to)
		m := krpc.Message{ID: w.s.idOf(q.to), Nodes: []krpc.Contact{misfit}, Token: []byte("t")}
		if q.to == turned {
			require.NotEqual(t, krpc.AnnouncePeer, q.Method)
			m.ID, m.Values = misfit.ID, []netip.AddrPort{public(7)}
		}
		return m, true
	})
	require.Equal(t, 4, done.Stored)
	require.ElementsMatch(t, nodes[1:], done.Nodes)
	require.Empty(t, events)
	w.receive(misfit.Addr, krpc.Message{Kind: krpc.Query, Method: krpc.Ping, ID: misfit.ID})
	require.Zero(t, w.s.checks.open)
}

// Nodes that are more local than the one that names them are not asked: nobody on the Internet has
// us send datagrams into our own network.
func TestLocalNodesAreNotAsked(t *testing.T) {
	w := newWorld(t, Config{})
	w.know(8)
	target := nodeid.ID{7}
	named := []krpc.Contact{w.contact(30)}
	for i, a := range []string{"127.0.0.1:22", "192.168.1.1:53", "10.0.0.7:53", "169.254.1.1:1"} {
		named = append(named, krpc.Contact{ID: target.Flip(150 + i), Addr: netip.MustParseAddrPort(a)})
	}
	asked := make(map[netip.AddrPort]bool)
	id := w.s.Begin(w.now, Request{Method: krpc.FindNode, Target: target})
	w.play(id, func(q sent) (krpc.Message, bool) {
		asked[q.to] = true
		return krpc.Message{ID: w.s.idOf(q.to), HasNodes: true, Nodes: named}, true
	})
	require.True(t, asked[named[0].Addr])
	for _, c := range named[1:] {
		require.False(t, asked[c.Addr], c.Addr)
	}
}
