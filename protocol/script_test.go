package protocol

import (
	"errors"
	"fmt"
	"io"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/shoal-bt/shoal/peerwire"
	"github.com/shoal-bt/shoal/protocol/addressbook"
	"github.com/shoal-bt/shoal/swarm"
	"github.com/stretchr/testify/require"
)

var (
	errScript    = errors.New("trouble")
	errConnect   = errors.New("engine: connecting: refused")
	errHandshake = errors.New("engine: shaking hands: end of file")
)

// obey carries out one line.
func (w *world) obey(words []string) {
	switch words[0] {
	case "begin":
		w.happen(Start{})
	case "peer":
		w.peer(swarm.Peer(w.number(words[1])), words[2:])
	case "verdict":
		w.judge(w.number(words[1]), words[2], w.numbers(strings.Join(words[3:], ",")))
	case "hashed":
		w.hash(w.numbers(words[1]))
	case "written":
		w.wrote(w.number(words[1]), failure(words[2:]))
	case "stored":
		pieces := w.numbers(words[1])
		w.happen(StoredChecked{Round: w.s.stored.round, Pieces: pieces, Good: w.numbers(strings.Join(words[2:], ","))})
	case "stale": // of a check that failed before the present one began
		pieces := w.numbers(words[1])
		w.happen(StoredChecked{Round: w.s.stored.round - 1, Pieces: pieces, Good: pieces})
		w.happen(StoredDone{w.s.stored.round - 1})
	case "unreadable":
		pieces := w.numbers(words[1])
		w.happen(StoredChecked{Round: w.s.stored.round, Pieces: pieces, Unreadable: pieces, Err: errScript})
	case "checked":
		if !w.s.stored.pending { // otherwise it has not begun
			w.happen(StoredDone{w.s.stored.round})
		}
	case "synced":
		w.happen(Synced{failure(words[1:])})
	case "storage-fails":
		w.happen(StorageFailed{errScript})
	case "found":
		w.find(words[1:])
	case "asked":
		w.happen(Found{FromSource: true})
	case "dialed":
		w.happen(Unreached{w.address(words[1]), addressbook.Failed, errConnect})
	case "refused":
		w.happen(Unreached{w.address(words[1]), addressbook.NoHandshake, errHandshake})
	case "lost":
		w.happen(ReadFailed{swarm.Peer(w.number(words[1])), w.block(words[2]), errScript})
	case "wait":
		w.await(append(words, "-1")[1])
	case "pause":
		w.happen(Pause{})
	case "resume":
		w.happen(Resume{})
	case "recheck":
		w.happen(Recheck{w.ticket()})
	case "close":
		w.happen(Close{})
	case "reclaim":
		w.happen(Reclaim{})
	case "own": // as two of three say
		for i := range byte(3) {
			a := w.address(words[1]).Addr()
			if i == 0 {
				a = w.address("8.8.8.8:1").Addr()
			}
			w.happen(OwnAddress{From: netip.AddrFrom4([4]byte{1, 1, i, 1}), Addr: a})
		}
	case "dht":
		w.happen(DHTPort{uint16(w.number(words[1]))})
	case "prioritize":
		w.happen(Prioritize{Runs: w.runs(words[1:]), Ticket: w.ticket()})
	case "deadline":
		w.happen(SetDeadlines{Changes: w.deadlines(words[1:]), Ticket: w.ticket()})
	case "no-deadlines":
		w.happen(ClearDeadlines{w.ticket()})
	case "sequential":
		w.happen(SetSequential{On: words[1] == "on", Ticket: w.ticket()})
	case "wants":
		f := w.s.wantedFigures()
		w.say("%d of %d pieces that are wanted are missing, %d of %d bytes; deadlines %d", f.Missing, f.Count, f.Left, f.Length, len(w.s.Deadlines()))
	case "announce":
		w.happen(Reannounce{})
	case "say":
		w.happen(Say{Peer: swarm.Peer(w.number(words[1])), Name: words[2], Body: []byte(strings.Join(words[3:], " "))})
	case "ban":
		w.happen(Ban{w.address(words[1]).Addr()})
	case "spilled":
		w.say("in the store: %v", w.s.Spilled())
	default:
		d, err := time.ParseDuration(strings.TrimPrefix(words[0], "+"))
		require.NoError(w.t, err, w.place)
		w.advance(d)
	}
}

// play carries out the lines of a transcript, and checks the State after each.
func (w *world) play(lines ...string) {
	for _, line := range lines {
		w.place = line
		w.obey(strings.Fields(line))
		w.check()
	}
}

// find brings an address, a seed perhaps, found in some of the swarms or in all.
func (w *world) find(words []string) {
	a, in := swarm.Address{AddrPort: w.address(words[0])}, addressbook.Swarms(0)
	tracker := ""
	var from netip.Addr
	for _, word := range words[1:] {
		key, value, _ := strings.Cut(word, "=")
		switch key {
		case "in":
			in |= 1 << w.number(value)
		case "by":
			tracker = value
		case "from":
			from = w.address(value).Addr()
		default:
			a.Flags = swarm.Seed
		}
	}
	w.happen(Found{Addrs: []swarm.Address{a}, Swarms: in, FromSource: tracker != "", Tracker: tracker, By: from})
}

// runs reads "0-2:7 3:0".
func (w *world) runs(words []string) (all []PriorityRun) {
	for _, word := range words {
		pieces, priority, _ := strings.Cut(word, ":")
		first, last, ok := strings.Cut(pieces, "-")
		if !ok {
			last = first
		}
		all = append(all, PriorityRun{First: w.number(first), Last: w.number(last), Priority: uint8(w.number(priority))})
	}
	return all
}

// deadlines reads "2 30 3 none": pieces, and in how many seconds they are needed.
func (w *world) deadlines(words []string) (all []Deadline) {
	for pair := range slices.Chunk(words, 2) {
		d := Deadline{Piece: w.number(pair[0])}
		if pair[1] != "none" {
			d.At = w.now.Add(time.Duration(w.number(pair[1])) * time.Second)
		}
		all = append(all, d)
	}
	return all
}

// await has a caller wait for a piece, or for all.
func (w *world) await(piece string) { w.happen(Await{w.ticket(), w.number(piece)}) }

// ticket returns a ticket that a call waits with.
func (w *world) ticket() Ticket {
	w.last++
	w.waits = append(w.waits, w.last)
	return w.last
}

func failure(words []string) error {
	if len(words) > 0 {
		return errScript
	}
	return nil
}

// happen applies an Input, and what the budget posts meanwhile, each as a turn.
func (w *world) happen(in Input) {
	w.posted = append([]Input{in}, w.posted...)
	for len(w.posted) > 0 {
		in, w.posted = w.posted[0], w.posted[1:]
		w.noteRequests(in)
		w.s.Apply(w.now, in)
		w.turn = w.s.Settle(w.now)
		w.carryOut(w.turn)
	}
	w.waits = slices.DeleteFunc(w.waits, func(t Ticket) bool {
		err, ok := w.ended[t]
		if ok {
			w.say("call ends: %v", err)
		}
		return ok
	})
}

// noteRequests notes what a peer requests of us.
func (w *world) noteRequests(in Input) {
	e, ok := in.(*Received)
	if !ok || w.conns[e.Peer] == nil {
		return
	}
	c := w.conns[e.Peer]
	for _, m := range e.Messages {
		if m.Kind == peerwire.Request {
			c.asked[m.Block]++
		}
	}
}

// advance lets time pass, with the ticks that the state wants.
func (w *world) advance(d time.Duration) {
	end := w.now.Add(d)
	for n := 0; !w.turn.Next.IsZero() && !w.turn.Next.After(end); n++ {
		require.Less(w.t, n, 100_000, "%s: the ticks never end", w.place)
		if w.turn.Next.After(w.now) {
			w.now = w.turn.Next
		}
		before := len(w.lines)
		w.happen(Tick{})
		for i := before; i < len(w.lines); i++ {
			w.lines[i] = fmt.Sprintf("%v: %s", w.now.Sub(w.start), w.lines[i])
		}
	}
	w.now = end
}

// peer is something that one peer does.
func (w *world) peer(id swarm.Peer, words []string) {
	rest := words[1:]
	switch words[0] {
	case "joins", "dialed":
		w.join(id, words[0] == "dialed", rest)
	case "sends":
		var all []peerwire.Message
		for _, part := range strings.Split(strings.Join(rest, " "), ", ") {
			all = append(all, w.read(id, w.message(strings.Fields(part))))
		}
		w.happen(&Received{Peer: id, Messages: all})
	case "reads": // as sends, but the turn is slow
		w.slow = append(w.slow, w.read(id, w.message(rest)))
	case "delivers":
		all := w.slow
		w.slow = nil
		w.happen(&Received{Peer: id, Messages: all})
	case "takes":
		w.conns[id].tally.Up.Add(int64(w.number(rest[0])))
	case "goes":
		w.happen(Gone{id, io.EOF})
		delete(w.conns, id)
	default:
		w.t.Fatalf("%s: peer: unknown word %q", w.place, words[0])
	}
}

// join is a handshake: the pieces of the peer, and what it understands.
func (w *world) join(id swarm.Peer, outgoing bool, words []string) {
	e := Joined{Peer: id, Addr: w.address(fmt.Sprint(id)), ID: peerID(fmt.Sprintf("p%d", id)), Swarm: w.s.ID(), Outgoing: outgoing}
	var first []peerwire.Message
	for _, word := range words {
		key, value, _ := strings.Cut(word, "=")
		switch key {
		case "fast":
			e.Fast = true
		case "ext":
			e.Extended = true
		case "dht":
			e.DHT = true
		case "greeted":
			e.Greeted = true
		case "id":
			e.ID = peerID(value)
		case "at":
			e.Addr = w.address(value)
		case "all":
			first = append(first, peerwire.Message{Kind: peerwire.HaveAll})
		case "none":
			first = append(first, peerwire.Message{Kind: peerwire.HaveNone})
		default:
			first = append(first, peerwire.Message{Kind: peerwire.Bitfield, Data: bits(word)})
		}
	}
	w.connect(e)
	if len(first) > 0 && w.conns[id] != nil {
		w.happen(&Received{Peer: id, Messages: first})
	}
}

// connect applies Joined, with a Tally that this side keeps.
func (w *world) connect(e Joined) {
	c := &conn{fast: e.Fast, asked: make(map[swarm.Block]int)}
	c.line = Line{Fast: e.Fast, Tally: &c.tally}
	e.Tally = &c.tally
	w.conns[e.Peer] = c
	w.happen(e)
}

// read does to a message what a reader does: a block takes a buffer only if one was set
// aside for it.
func (w *world) read(id swarm.Peer, m peerwire.Message) peerwire.Message {
	if m.Kind != peerwire.Piece {
		return m
	}
	c := w.conns[id]
	require.NotNil(w.t, c, w.place)
	if !c.tally.Admit(len(m.Data)) {
		m.Data = nil
		return m
	}
	p := w.budget.Buffer()
	m.Data = p[:copy(p, m.Data)]
	return m
}

// message reads one message, such as "piece 1.0" or "have 3". A piece may be "bad".
func (w *world) message(words []string) peerwire.Message {
	if len(words) == 1 {
		for k := range peerwire.Kind(255) {
			if strings.ReplaceAll(k.String(), " ", "-") == words[0] {
				return peerwire.Message{Kind: k}
			}
		}
		return peerwire.Message{Kind: peerwire.KeepAlive}
	}
	arg := words[1]
	switch words[0] {
	case "have":
		return peerwire.Message{Kind: peerwire.Have, Piece: w.number(arg)}
	case "allows":
		return peerwire.Message{Kind: peerwire.AllowedFast, Piece: w.number(arg)}
	case "port":
		return peerwire.Message{Kind: peerwire.Port, Port: uint16(w.number(arg))}
	case "suggests":
		return peerwire.Message{Kind: peerwire.Suggest, Piece: w.number(arg)}
	case "bitfield":
		return peerwire.Message{Kind: peerwire.Bitfield, Data: bits(arg)}
	case "request":
		return peerwire.Message{Kind: peerwire.Request, Block: w.block(arg)}
	case "cancel":
		return peerwire.Message{Kind: peerwire.Cancel, Block: w.block(arg)}
	case "reject":
		return peerwire.Message{Kind: peerwire.Reject, Block: w.block(arg)}
	case "piece", "bad":
		b := w.block(arg)
		data := content(b)
		if words[0] == "bad" {
			data[0] ^= 0xff
		}
		return peerwire.Message{Kind: peerwire.Piece, Block: b, Data: data}
	case "hello":
		return w.hello(arg, words[2:])
	case "extended":
		return peerwire.Message{Kind: peerwire.Extended, ExtID: uint8(w.number(arg)), Data: []byte(strings.Join(words[2:], " "))}
	case "dont-have":
		return peerwire.Message{Kind: peerwire.Extended, ExtID: 1, Data: peerwire.AppendDontHave(nil, w.number(arg))}
	}
	w.t.Fatalf("%s: no such message", w.place)
	return peerwire.Message{}
}

// hello is an extension handshake: reqq, and then extensions with their numbers.
func (w *world) hello(reqq string, words []string) peerwire.Message {
	hello := peerwire.ExtendedHandshake{V: "Peer 1", Reqq: w.number(reqq), P: 7000, M: peerwire.Extensions{}}
	for _, word := range words {
		name, number, ok := strings.Cut(word, "=")
		switch {
		case ok:
			hello.M[name] = uint8(w.number(number))
		case word == "upload-only":
			hello.UploadOnly = true
		default:
			w.t.Fatalf("%s: hello: unknown word %q", w.place, word)
		}
	}
	return peerwire.Message{Kind: peerwire.Extended, Data: hello.AppendTo(nil)}
}
