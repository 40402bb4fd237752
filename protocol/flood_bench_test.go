package protocol_test

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/shoal-bt/shoal/peerwire"
	"github.com/shoal-bt/shoal/piecepicker"
	"github.com/shoal-bt/shoal/protocol"
	"github.com/shoal-bt/shoal/protocol/budget"
	"github.com/shoal-bt/shoal/swarm"
)

// BenchmarkHonestBlock is what the others in this file are compared with: the State's
// cost of a block that it asked for.
func BenchmarkHonestBlock(b *testing.B) {
	f := newFlood(b, false)
	b.SetBytes(swarm.BlockLen)
	for b.Loop() {
		if len(f.wanted) == 0 { // all of it is here
			b.StopTimer()
			f = newFlood(b, false)
			b.StartTimer()
		}
		f.honestBlock()
	}
}

// BenchmarkFlood is what a peer costs the State that sends one kind of message only, as
// fast as it can. An operation is a connection on which it sends floodLen messages, fewer
// if it is left before. Beside the time there are, for each kind, ns/message, ns/byte of
// what the peer sent, and taken: the messages until the connection ended.
func BenchmarkFlood(b *testing.B) {
	for _, kind := range floods() {
		b.Run(kind.name, func(b *testing.B) {
			f := newFlood(b, kind.complete)
			taken, bytes := 0, 0
			for b.Loop() {
				b.StopTimer()
				batches := f.join(kind)
				b.StartTimer()
				for _, batch := range batches {
					if f.closed {
						break
					}
					f.receive(batch)
					taken += len(batch)
					for _, m := range batch {
						bytes += wireLen(m)
					}
				}
				b.StopTimer()
				f.leave()
				b.StartTimer()
			}
			b.ReportMetric(float64(taken)/float64(b.N), "taken/op")
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(taken), "ns/message")
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(bytes), "ns/byte")
		})
	}
}

const (
	floodLen    = 8000
	floodPieces = 40_000
	floodReads  = 2000 // messages of a read
)

// A floodKind is a flood of one kind of message.
type floodKind struct {
	name     string
	complete bool               // the torrent has every piece
	plain    bool               // the peer does not speak the fast extension
	begin    []peerwire.Message // sent first, and not measured
	messages []peerwire.Message // sent again and again
	perRead  int                // messages; zero means floodReads
	each     func(i int, m *peerwire.Message)
}

func floods() []floodKind {
	all := swarm.NewBitfield(floodPieces)
	all.SetAll(floodPieces)
	half := swarm.NewBitfield(floodPieces)
	for i := 0; i < floodPieces; i += 2 {
		half.Set(i)
	}
	var large peerwire.ExtendedHandshake
	large.V, large.Extra = "Flood", map[string][]byte{}
	for i := range 64 {
		large.Extra[fmt.Sprintf("key%d", i)] = []byte("li1ei2ei3ei4ei5ei6ei7ei8ee")
	}
	one := func(m peerwire.Message) []peerwire.Message { return []peerwire.Message{m} }
	kind := func(k peerwire.Kind) []peerwire.Message { return one(peerwire.Message{Kind: k}) }
	block := swarm.Block{Piece: 7, Length: swarm.BlockLen}
	walk := func(i int, m *peerwire.Message) { m.Piece = i % floodPieces }
	walkBlocks := func(i int, m *peerwire.Message) { m.Block.Piece = i / 2 % floodPieces }
	haveAll, haveNone := kind(peerwire.HaveAll), kind(peerwire.HaveNone)
	bitfield := one(peerwire.Message{Kind: peerwire.Bitfield, Data: half})
	interested := append(append([]peerwire.Message{}, haveNone...), kind(peerwire.Interested)...)
	return []floodKind{
		{name: "keep-alive", messages: kind(peerwire.KeepAlive)},
		{name: "keep-alive, one a read", begin: haveAll, messages: kind(peerwire.KeepAlive), perRead: 1},
		{name: "choke and unchoke", begin: haveAll, messages: append(kind(peerwire.Unchoke), kind(peerwire.Choke)...), perRead: 1},
		{name: "choke and unchoke, not fast", plain: true, begin: one(peerwire.Message{Kind: peerwire.Bitfield, Data: all}), messages: append(kind(peerwire.Unchoke), kind(peerwire.Choke)...), perRead: 1},
		{name: "unchoke", begin: haveAll, messages: kind(peerwire.Unchoke)},
		{name: "interested", messages: kind(peerwire.Interested)},
		{name: "interested and not", messages: append(kind(peerwire.Interested), kind(peerwire.NotInterested)...)},
		{name: "have, the same", begin: bitfield, messages: one(peerwire.Message{Kind: peerwire.Have, Piece: 2})},
		{name: "have, each once", begin: haveNone, messages: kind(peerwire.Have), each: walk},
		{name: "have all", begin: haveAll, messages: haveAll},
		{name: "have none", begin: haveNone, messages: haveNone},
		{name: "bitfield", begin: bitfield, messages: bitfield, perRead: 16},
		{name: "request, choked", messages: one(peerwire.Message{Kind: peerwire.Request, Block: block})},
		{name: "request, too many", complete: true, begin: interested, messages: one(peerwire.Message{Kind: peerwire.Request, Block: block})},
		{name: "request and cancel", complete: true, begin: interested, messages: []peerwire.Message{{Kind: peerwire.Request, Block: block}, {Kind: peerwire.Cancel, Block: block}}, each: walkBlocks},
		{name: "cancel", complete: true, begin: interested, messages: one(peerwire.Message{Kind: peerwire.Cancel, Block: block})},
		{name: "cancel, behind requests", complete: true, begin: interested, messages: []peerwire.Message{{Kind: peerwire.Request, Block: block}}, each: func(i int, m *peerwire.Message) {
			m.Block.Piece = i % floodReads
			if i%floodReads >= floodReads/2 {
				m.Kind, m.Block.Piece = peerwire.Cancel, floodReads-1-m.Block.Piece
			}
		}},
		{name: "cancel, full line", complete: true, begin: interested, messages: []peerwire.Message{{Kind: peerwire.Request, Block: block}}, each: func(i int, m *peerwire.Message) {
			m.Block.Piece = i % floodReads
			if i/floodReads%2 == 1 {
				m.Kind, m.Block.Piece = peerwire.Cancel, floodReads-1-m.Block.Piece
			}
		}},
		{name: "reject", begin: append(append([]peerwire.Message{}, haveAll...), kind(peerwire.Unchoke)...), messages: one(peerwire.Message{Kind: peerwire.Reject, Block: swarm.Block{Piece: floodPieces - 1, Length: 1}})},
		{name: "suggest", messages: kind(peerwire.Suggest), each: walk},
		{name: "allowed fast", begin: haveAll, messages: kind(peerwire.AllowedFast), each: walk},
		{name: "allowed fast, one a read", begin: haveAll, messages: kind(peerwire.AllowedFast), each: walk, perRead: 1},
		{name: "port", messages: one(peerwire.Message{Kind: peerwire.Port, Port: 6881})},
		{name: "unknown", messages: one(peerwire.Message{Kind: peerwire.Unknown, ExtID: 77})},
		{name: "extension handshake", messages: one(peerwire.Message{Kind: peerwire.Extended, Data: large.AppendTo(nil)}), perRead: 32},
		{name: "extension message", messages: one(peerwire.Message{Kind: peerwire.Extended, ExtID: 9, Data: []byte("de")})},
		{name: "piece, unasked", messages: one(peerwire.Message{Kind: peerwire.Piece, Block: swarm.Block{Piece: 7, Length: 1}})},
	}
}

// wireLen returns the bytes of a message on the wire.
func wireLen(m peerwire.Message) int {
	if m.Kind == peerwire.Piece {
		return peerwire.PieceHeaderLen + m.Block.Length
	}
	if m.Kind == peerwire.Unknown {
		return 5
	}
	return len(m.AppendTo(nil))
}

// A flood is a torrent with honest peers, and with one that floods it.
type flood struct {
	state    *protocol.State
	geometry swarm.Geometry
	budget   *budget.Budget
	now      time.Time
	tallies  map[swarm.Peer]*protocol.Tally
	lines    map[swarm.Peer]*protocol.Line
	wanted   []swarm.Block // of the honest peer, in order
	decoder  *peerwire.Decoder
	received protocol.Received
	last     swarm.Peer
	closed   bool // the flooding peer's connection
}

const (
	honest      = swarm.Peer(1) // it sends blocks, or takes them
	honestPeers = swarm.Peer(40)
)

func newFlood(t testing.TB, complete bool) *flood {
	g := swarm.Geometry{Length: floodPieces * 16 * swarm.BlockLen, PieceLength: 16 * swarm.BlockLen}
	f := &flood{
		geometry: g,
		budget:   budget.New(64 << 20),
		now:      time.Unix(1e9, 0),
		tallies:  make(map[swarm.Peer]*protocol.Tally),
		lines:    make(map[swarm.Peer]*protocol.Line),
		decoder:  peerwire.NewDecoder(peerwire.Limits{Geometry: g, Fast: true}),
	}
	setup := protocol.Setup{
		Swarms:    []swarm.ID{{1}},
		Geometry:  &f.geometry,
		Config:    &protocol.Config{IdleTimeout: -1},
		NewPicker: func() swarm.Picker { return piecepicker.New(g) },
		Memory:    f.budget.Open(func() {}, func() {}),
	}
	if complete {
		setup.Have = swarm.NewBitfield(floodPieces)
		setup.Have.SetAll(floodPieces)
	}
	f.state = protocol.New(f.now, setup)
	f.state.Apply(f.now, protocol.Start{})
	f.turn()
	first := peerwire.Message{Kind: peerwire.HaveAll}
	if complete {
		first.Kind = peerwire.HaveNone
	}
	for range honestPeers {
		id := f.connect(true)
		f.apply(&protocol.Received{Peer: id, Messages: []peerwire.Message{first}})
	}
	if !complete {
		f.apply(&protocol.Received{Peer: honest, Messages: []peerwire.Message{{Kind: peerwire.Unchoke}}})
	}
	return f
}

// connect adds a peer with an address of its own.
func (f *flood) connect(fast bool) swarm.Peer {
	f.last++
	id := f.last
	tally := new(protocol.Tally)
	f.tallies[id], f.lines[id] = tally, &protocol.Line{Fast: fast, Tally: tally}
	addr := netip.AddrFrom4([4]byte{10, byte(id >> 16), byte(id >> 8), byte(id)})
	e := protocol.Joined{Peer: id, Addr: netip.AddrPortFrom(addr, 6881), Swarm: swarm.ID{1}, Fast: fast, Extended: true, Tally: tally}
	copy(e.ID[:], fmt.Sprint("peer", id))
	f.apply(e)
	return id
}

func (f *flood) apply(in protocol.Input) {
	f.state.Apply(f.now, in)
	f.turn()
}

// turn ends a turn as an engine does. What is sent to the honest peer is read.
func (f *flood) turn() {
	turn := f.state.Settle(f.now)
	var results []protocol.CheckResult
	for _, e := range turn.Effects {
		switch e := e.(type) {
		case protocol.Hangup:
			f.closed = f.closed || e.Peer == f.last
		case protocol.Check:
			results = append(results, protocol.CheckResult{Piece: e.Piece, Serial: e.Serial, From: e.From, Blocks: e.Blocks, OK: true})
		}
	}
	for _, o := range turn.Out {
		if o.Peer == honest {
			f.readRequests(o.Bytes)
			continue
		}
		f.lines[o.Peer].Deliver(o)
		if f.lines[o.Peer].Unsent() > 1<<19 { // it reads messages, and no blocks
			f.lines[o.Peer].Take(nil, nil, 0, 0)
		}
	}
	for _, r := range results {
		f.apply(r)
	}
}

func (f *flood) readRequests(b []byte) {
	for len(b) > 0 {
		m, n, _, err := f.decoder.Decode(b)
		if err != nil || n == 0 {
			panic("the State sent what cannot be decoded")
		}
		b = b[n:]
		switch m.Kind {
		case peerwire.Request:
			f.wanted = append(f.wanted, m.Block)
		case peerwire.Cancel:
			panic("nothing else sends blocks")
		}
	}
}

// honestBlock brings a block from the honest peer.
func (f *flood) honestBlock() {
	f.now = f.now.Add(20 * time.Microsecond)
	b := f.wanted[0]
	f.wanted = f.wanted[1:]
	if !f.tallies[honest].Admit(b.Length) {
		panic("no credit")
	}
	f.received.Peer = honest
	f.received.Messages = append(f.received.Messages[:0], peerwire.Message{Kind: peerwire.Piece, Block: b, Data: f.budget.Buffer()})
	f.apply(&f.received)
}

// join connects a peer that will flood, and returns the reads of its messages.
func (f *flood) join(kind floodKind) (batches [][]peerwire.Message) {
	for id := honest; id <= honestPeers; id++ {
		f.apply(&protocol.Received{Peer: id, Messages: []peerwire.Message{{Kind: peerwire.KeepAlive}}})
	}
	f.closed = false
	id := f.connect(!kind.plain)
	if len(kind.begin) > 0 {
		f.apply(&protocol.Received{Peer: id, Messages: kind.begin})
		if kind.complete { // it waits for an upload slot
			f.now = f.now.Add(time.Second)
			f.apply(protocol.Tick{})
		}
	}
	perRead := kind.perRead
	if perRead == 0 {
		perRead = floodReads
	}
	for i := 0; i < floodLen; {
		var batch []peerwire.Message
		for range perRead {
			m := kind.messages[i%len(kind.messages)]
			if kind.each != nil {
				kind.each(i, &m)
			}
			batch = append(batch, m)
			i++
		}
		batches = append(batches, batch)
	}
	return batches
}

// receive brings what the flooding peer sent.
func (f *flood) receive(batch []peerwire.Message) {
	f.received.Peer, f.received.Messages = f.last, batch
	f.now = f.now.Add(100 * time.Microsecond)
	f.apply(&f.received)
}

// leave ends the flooding peer's connection.
func (f *flood) leave() {
	f.apply(protocol.Gone{Peer: f.last})
	delete(f.tallies, f.last)
	delete(f.lines, f.last)
}
