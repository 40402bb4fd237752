package engine

import (
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/shoal-bt/shoal/handshake"
	"github.com/shoal-bt/shoal/peerwire"
	"github.com/shoal-bt/shoal/swarm"
	"github.com/stretchr/testify/require"
)

var errScript = errors.New("trouble")

// obey carries out one line.
func (w *world) obey(words []string) {
	switch words[0] {
	case "begin":
		w.happen(beginning{})
	case "peer":
		w.peer(swarm.Peer(w.number(words[1])), words[2:])
	case "verdict":
		w.judge(w.number(words[1]), words[2], w.numbers(strings.Join(words[3:], ",")))
	case "written":
		w.wrote(w.number(words[1]), failure(words[2:]))
	case "stored":
		pieces := w.numbers(words[1])
		w.happen(stored{round: w.s.round, pieces: pieces, good: w.numbers(strings.Join(words[2:], ","))})
	case "stale": // of a check that failed before the present one began
		pieces := w.numbers(words[1])
		w.happen(stored{round: w.s.round - 1, pieces: pieces, good: pieces})
		w.happen(checkDone{w.s.round - 1})
	case "unreadable":
		w.happen(stored{round: w.s.round, pieces: w.numbers(words[1]), err: errScript})
	case "checked":
		if w.s.toRead == nil { // else it has not begun
			w.happen(checkDone{w.s.round})
		}
	case "found":
		w.find(words[1:])
	case "asked":
		w.happen(found{asked: true})
	case "dialed":
		w.happen(unreached{w.address(words[1]), fmt.Errorf("%w: refused", ErrConnect)})
	case "refused":
		w.happen(unreached{w.address(words[1]), fmt.Errorf("%w: end of file", ErrHandshake)})
	case "lost":
		w.happen(readFailed{swarm.Peer(w.number(words[1])), w.block(words[2]), errScript})
	case "wait":
		w.await(append(words, "-1")[1])
	case "pause":
		w.call(func(now time.Time, s *state) { s.pause(now) })
	case "resume":
		w.call(func(now time.Time, s *state) { s.resume(now) })
	case "recheck":
		done := make(chan error, 1)
		w.waits = append(w.waits, done)
		w.call(func(now time.Time, s *state) { s.recheck(now, done) })
	case "close":
		w.happen(ending{})
	case "squeeze":
		w.happen(reclaim{})
	case "announce":
		w.happen(asking{})
	case "ban":
		w.call(func(now time.Time, s *state) { s.ban(now, w.address(words[1]).Addr(), errBanned) })
	case "spilled":
		w.say("in the store: %v", w.s.inStore())
	default:
		d, err := time.ParseDuration(strings.TrimPrefix(words[0], "+"))
		require.NoError(w.t, err, w.place)
		w.advance(d)
	}
}

// find brings an address, a seed perhaps, found in some of the swarms or in all.
func (w *world) find(words []string) {
	a, in := swarm.Address{AddrPort: w.address(words[0])}, swarms(0)
	for _, word := range words[1:] {
		if n, ok := strings.CutPrefix(word, "in="); ok {
			in |= 1 << w.number(n)
		} else {
			a.Flags = swarm.Seed
		}
	}
	w.happen(found{addrs: []swarm.Address{a}, in: in})
}

// await has a caller wait for a piece, or for all.
func (w *world) await(piece string) {
	done := make(chan error, 1)
	w.waits = append(w.waits, done)
	w.call(func(_ time.Time, s *state) {
		s.waiters = append(s.waiters, waiter{w.number(piece), done})
		s.answerWaiters()
	})
}

func failure(words []string) error {
	if len(words) > 0 {
		return errScript
	}
	return nil
}

// happen applies an event, and what the budget posts meanwhile, each as a turn.
func (w *world) happen(ev event) {
	w.posted = append([]event{ev}, w.posted...)
	for len(w.posted) > 0 {
		ev, w.posted = w.posted[0], w.posted[1:]
		ev.apply(w.now, w.s)
		w.s.settle(w.now)
		w.flush()
	}
	for i := 0; i < len(w.waits); i++ {
		select {
		case err := <-w.waits[i]:
			w.say("call ends: %v", err)
			w.waits = append(w.waits[:i], w.waits[i+1:]...)
			i--
		default:
		}
	}
}

func (w *world) call(f func(now time.Time, s *state)) {
	w.happen(query{f, make(chan struct{})})
}

// advance lets time pass, with the ticks that the state wants.
func (w *world) advance(d time.Duration) {
	end := w.now.Add(d)
	for n := 0; !w.s.deadline.IsZero() && !w.s.deadline.After(end); n++ {
		require.Less(w.t, n, 100_000, "%s: the ticks never end", w.place)
		if w.s.deadline.After(w.now) {
			w.now = w.s.deadline
		}
		before := len(w.lines)
		w.happen(tick{})
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
		w.happen(&batch{peer: id, messages: all})
	case "reads": // as sends, but the turn is slow
		w.slow = append(w.slow, w.read(id, w.message(rest)))
	case "delivers":
		all := w.slow
		w.slow = nil
		w.happen(&batch{peer: id, messages: all})
	case "goes":
		w.happen(gone{id, io.EOF})
		delete(w.conns, id)
	default:
		w.t.Fatalf("%s: peer: unknown word %q", w.place, words[0])
	}
}

// join is a handshake: the pieces of the peer, and what it understands.
func (w *world) join(id swarm.Peer, outgoing bool, words []string) {
	c := &conn{id: id, addr: w.address(fmt.Sprint(id)), outgoing: outgoing, swarm: w.s.id()}
	theirs := handshake.Handshake{PeerID: peerID(fmt.Sprintf("p%d", id))}
	var first []peerwire.Message
	var understood []handshake.Bit
	for _, word := range words {
		key, value, _ := strings.Cut(word, "=")
		switch key {
		case "fast":
			c.fast = true
			understood = append(understood, handshake.Fast)
		case "ext":
			understood = append(understood, handshake.Extended)
		case "id":
			theirs.PeerID = peerID(value)
		case "at":
			c.addr = w.address(value)
		case "all":
			first = append(first, peerwire.Message{Kind: peerwire.HaveAll})
		case "none":
			first = append(first, peerwire.Message{Kind: peerwire.HaveNone})
		default:
			first = append(first, peerwire.Message{Kind: peerwire.Bitfield, Data: bits(word)})
		}
	}
	theirs.Reserved = handshake.Bits(understood...)
	w.conns[id] = c
	w.happen(joined{c, theirs})
	if len(first) > 0 && w.conns[id] != nil {
		w.happen(&batch{peer: id, messages: first})
	}
}

// read does to a message what a reader does: a block takes a buffer only if one
// was set aside for it.
func (w *world) read(id swarm.Peer, m peerwire.Message) peerwire.Message {
	if m.Kind != peerwire.Piece {
		return m
	}
	c := w.conns[id]
	require.NotNil(w.t, c, w.place)
	if len(m.Data) > swarm.BlockLen || !c.tally.takeCredit() {
		m.Data = nil
		return m
	}
	p := w.budget.buffer()
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
		hello := peerwire.ExtendedHandshake{V: "Peer 1", Reqq: w.number(arg), P: 7000}
		return peerwire.Message{Kind: peerwire.Extended, Data: hello.AppendTo(nil)}
	}
	w.t.Fatalf("%s: no such message", w.place)
	return peerwire.Message{}
}

// judge is the answer of a verifier, and of the store if the piece is right.
func (w *world) judge(piece int, how string, bad []int) {
	i := slices.IndexFunc(w.jobs, func(j verifyJob) bool { return j.piece == piece })
	require.GreaterOrEqual(w.t, i, 0, "%s: piece %d is not being checked", w.place, piece)
	j := w.jobs[i]
	w.jobs = slices.Delete(w.jobs, i, i+1)
	if j.from > 0 {
		require.Equal(w.t, j.from, j.state, w.place)
	}
	if j.section {
		e := sectionDone{asm: j.asm, from: j.from, blocks: j.blocks, state: j.from + len(j.blocks)}
		if how == "error" {
			e.err = errScript
		}
		w.happen(e)
		return
	}
	e := checkResult{asm: j.asm, piece: piece, from: j.from, blocks: j.blocks, bad: bad}
	switch how {
	case "ok":
		e.ok = true
	case "error":
		e.err = errScript
	}
	if j.sums || how == "wrong" && len(bad) == 0 {
		for k := range j.from + len(j.blocks) {
			var b []byte
			if k >= j.from {
				b = j.blocks[k-j.from]
			}
			if b == nil {
				b = content(w.spec.Geometry.Block(piece, k))
			}
			h := fnv.New64()
			h.Write(b)
			e.sums = append(e.sums, h.Sum64())
		}
	}
	w.happen(e)
}

// wrote is the end of a spill.
func (w *world) wrote(piece int, err error) {
	i := slices.IndexFunc(w.spills, func(e spill) bool { return e.asm.piece == piece })
	require.GreaterOrEqual(w.t, i, 0, "%s: piece %d is not being written", w.place, piece)
	e := w.spills[i]
	w.spills = slices.Delete(w.spills, i, i+1)
	w.happen(spilled{e.asm, e.numbers, e.bufs, err})
}
