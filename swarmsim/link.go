package swarmsim

import (
	"time"

	"github.com/shoal-bt/shoal/peerwire"
	"github.com/shoal-bt/shoal/protocol"
	"github.com/shoal-bt/shoal/swarm"
)

// A packet is what a writer sends at once: messages, then at most one block.
type packet struct {
	to      *end
	bytes   []byte // encoded messages
	block   swarm.Block
	hasData bool // block is sent
	isWrong bool // its bytes are
	isClose bool // the connection is closed
}

// size returns the bytes on the wire.
func (p *packet) size() int {
	if !p.hasData {
		return len(p.bytes)
	}
	return len(p.bytes) + peerwire.PieceHeaderLen + p.block.Length
}

func (w *world) newPacket(to *end) *packet {
	n := len(w.spare)
	if n == 0 {
		return &packet{to: to}
	}
	p := w.spare[n-1]
	w.spare = w.spare[:n-1]
	p.to = to
	return p
}

// release takes a packet back to be used again.
func (w *world) release(p *packet) {
	*p = packet{bytes: p.bytes[:0]}
	w.spare = append(w.spare, p)
}

// transferTime returns how long n bytes take at a rate in bytes per second.
func transferTime(n int, rate int64) time.Duration {
	return time.Duration(int64(n) * int64(time.Second) / rate)
}

// An uplink sends one packet at a time. Messages of all connections go first, because
// packets of a real network mix so finely that a short message hardly waits for blocks of
// other connections. Then the connections that have blocks send one each in turn.
type uplink struct {
	rate   int64
	freeAt time.Duration // when the last packet has left
	nextAt time.Duration // when there is something to do, or never
	block  *packet       // under way, with a block
	blocks []swarm.Block // of Line.Take, to use again
	urgent fifo[*end]    // ends with messages
	bulk   fifo[*end]    // ends with blocks
}

func (u *uplink) init(p *Peer) { u.rate, u.nextAt = p.Link.Up, never }

// maxUnsent is the bytes of messages that wait for a peer that takes none, as in package
// engine.
const maxUnsent = 1 << 20

// deliver puts an Outbox on the line of its connection.
func (n *node) deliver(o *protocol.Outbox) {
	e := n.end(o.Peer)
	if e == nil {
		return
	}
	e.line.Deliver(o)
	if n.peer.Kind != Staller && len(o.Serve) > 0 {
		n.queueBulk(e)
	}
	n.queueUrgent(e)
	if e.line.Unsent() > maxUnsent {
		n.post(n.now, e) // the connection ends, as in package engine
	}
}

func (n *node) queueUrgent(e *end) {
	if !e.isUrgent && e.line.Unsent()+e.line.Late() > 0 {
		e.isUrgent = true
		n.up.urgent.push(e)
	}
}

func (n *node) queueBulk(e *end) {
	if !e.isBulk {
		e.isBulk = true
		n.up.bulk.push(e)
	}
}

// startUplink sends what waits, if the uplink is free.
func (n *node) startUplink() {
	u := &n.up
	if u.block == nil && n.now >= u.freeAt {
		u.freeAt = n.now
		n.sendMessages()
		n.sendBlock()
	}
	u.nextAt = never
	if u.block != nil || u.urgent.len() > 0 || u.bulk.len() > 0 {
		u.nextAt = u.freeAt
	}
}

// transmit lets the block that is under way leave, and sends what waits.
func (n *node) transmit() {
	if p := n.up.block; p != nil {
		n.up.block = nil
		n.blockLeaves(p)
	}
	n.startUplink()
}

// sendMessages sends the messages of all connections, one after the other.
func (n *node) sendMessages() {
	u := &n.up
	for u.urgent.len() > 0 {
		e := u.urgent.pop()
		e.isUrgent = false
		if e.closed || e.isStalled {
			continue
		}
		p := n.world.newPacket(e.remote)
		p.bytes, u.blocks = e.line.Take(p.bytes, u.blocks, 0, 0)
		for late := e.line.TakeLate(); late != nil; late = e.line.TakeLate() {
			p.bytes = late(p.bytes)
		}
		u.freeAt += transferTime(len(p.bytes), u.rate)
		e.tally.UpAll.Add(int64(len(p.bytes)))
		n.postTo(e.remote.node, u.freeAt+e.delay, p)
	}
}

// sendBlock begins to send one block of the connection whose turn it is. The disk reads
// it meanwhile, so a slow disk delays the block.
func (n *node) sendBlock() {
	u := &n.up
	for u.bulk.len() > 0 {
		e := u.bulk.pop()
		e.isBulk = false
		if e.closed || e.isStalled || e.window.isFull() {
			continue
		}
		p := n.world.newPacket(e.remote)
		if !n.takeBlock(e, p) {
			n.world.release(p)
			continue
		}
		e.window.sent(p.size())
		n.queueBulk(e)
		u.block = p
		u.freeAt = max(u.freeAt+transferTime(p.size(), u.rate), n.disk.use(n, p.block.Length))
		return
	}
}

// takeBlock takes the next block of a connection, and reports whether there is one.
func (n *node) takeBlock(e *end, p *packet) bool {
	if e.unasked > 0 {
		e.unasked--
		p.block, p.hasData, p.isWrong = n.randomBlock(), true, true
		return true
	}
	p.bytes, n.up.blocks = e.line.Take(p.bytes, n.up.blocks, 1, 0)
	if len(n.up.blocks) == 0 {
		return false
	}
	e.tally.Sent(1)
	p.block, p.hasData = n.up.blocks[0], true
	p.isWrong = n.peer.Kind == WrongBytes && n.random.Float64() < n.peer.WrongShare
	return true
}

// blockLeaves counts a block that was sent.
func (n *node) blockLeaves(p *packet) {
	e := p.to.remote
	if e.closed {
		n.world.release(p)
		return
	}
	e.tally.Up.Add(int64(p.block.Length))
	e.tally.UpAll.Add(int64(p.size()))
	n.log.sent.count(n.now, p.block)
	n.noteTaken(e, p)
	n.postTo(p.to.node, n.now+e.delay, p)
	n.quit(e)
}

// A downlink takes packets in, in the order of their arrival.
type downlink struct {
	rate   int64
	freeAt time.Duration
	nextAt time.Duration // when the first of waiting is received, or never
	coming fifo[incoming]
}

// An incoming packet is received at a time.
type incoming struct {
	at     time.Duration
	packet *packet
}

func (d *downlink) init(p *Peer) { d.rate, d.nextAt = p.Link.Down, never }

// arrive puts a packet on the downlink.
func (n *node) arrive(p *packet) {
	d := &n.down
	d.freeAt = max(d.freeAt, n.now) + transferTime(p.size(), d.rate)
	d.coming.push(incoming{d.freeAt, p})
	d.nextAt = d.coming.first().at
}

// receive hands the first packet of the downlink to the State.
func (n *node) receive() {
	d := &n.down
	p := d.coming.pop().packet
	d.nextAt = never
	if d.coming.len() > 0 {
		d.nextAt = d.coming.first().at
	}
	if e := p.to; !e.closed {
		n.acknowledge(e, p)
		n.read(e, p)
	}
	n.world.release(p)
}

// read does what a connection's reader does.
func (n *node) read(e *end, p *packet) {
	if p.isClose {
		n.closedBy(e, errClosed)
		return
	}
	if n.peer.Kind == NonReader && (p.hasData || e.isDeaf) {
		e.isDeaf = true
		return
	}
	e.tally.DownAll.Add(int64(p.size()))
	all, err := n.decode(e, p)
	if p.hasData {
		m := peerwire.Message{Kind: peerwire.Piece, Block: p.block}
		if e.tally.Admit(p.block.Length) {
			m.Data = n.world.content.block(p.block.Length, p.isWrong)
		}
		all = append(all, m)
	}
	for i := range all {
		n.log.count(n.now, e.remote.node.index, &all[i])
		n.overhear(e, &all[i])
	}
	n.world.messages = all[:0]
	n.received = protocol.Received{Peer: e.id, Messages: all}
	n.apply(&n.received)
	if err != nil && !e.closed {
		n.sendClose(e)
		n.closedBy(e, err)
	}
}

// decode returns the messages of a packet.
func (n *node) decode(e *end, p *packet) (all []peerwire.Message, err error) {
	all = n.world.messages
	keeps := false // a message points into the bytes
	for b := p.bytes; len(b) > 0; {
		m, size, _, err := n.world.decoder.Decode(b)
		if err != nil {
			return all, err
		}
		b = b[size:]
		if m.Kind == peerwire.Unknown {
			e.tally.Unknown.Add(1)
			continue
		}
		keeps = keeps || m.Data != nil
		all = append(all, m)
	}
	if keeps {
		p.bytes = nil // the State owns them now
	}
	return all, nil
}
