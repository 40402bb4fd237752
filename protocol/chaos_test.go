package protocol

import (
	"bytes"
	"io"
	"net/netip"
	"slices"
	"time"

	"github.com/shoal-bt/shoal/peerwire"
	"github.com/shoal-bt/shoal/protocol/addressbook"
	"github.com/shoal-bt/shoal/protocol/extension"
	"github.com/shoal-bt/shoal/swarm"
	"github.com/stretchr/testify/require"
)

// chaos is a world that bytes decide about.
type chaos struct {
	*world
	data  []byte
	last  swarm.Peer
	late  swarm.Peer             // whose reader holds messages back
	store map[swarm.Block][]byte // what was written of partial pieces
}

func (c *chaos) byte() byte {
	if len(c.data) == 0 {
		return 0
	}
	b := c.data[0]
	c.data = c.data[1:]
	return b
}

// somebody returns one of the peers that are there, if any.
func (c *chaos) somebody() *peer {
	if len(c.s.order) == 0 {
		return nil
	}
	return c.s.order[int(c.byte())%len(c.s.order)]
}

// anyBlock returns some block of the torrent, as it is requested unless it is all pad.
func (c *chaos) anyBlock() swarm.Block {
	g := c.setup.Geometry
	piece := int(c.byte()) % g.Pieces()
	k := int(c.byte()) % g.BlockCount(piece)
	b := g.Request(piece, k)
	if b.Length == 0 {
		return g.Block(piece, k)
	}
	return b
}

// owed returns the oldest block that p owes us, or some other.
func (c *chaos) owed(p *peer) swarm.Block {
	if p.Requests.Len() > 0 {
		return p.Requests.Open()[int(c.byte())%2%p.Requests.Len()].Block
	}
	return c.anyBlock()
}

func (c *chaos) step() {
	op := c.byte() % 24
	switch op {
	case 0, 1:
		c.joins()
		return
	case 2:
		c.advance(time.Duration(c.byte()) * 10 * time.Millisecond)
		return
	case 3:
		c.advance(time.Duration(c.byte()) * 300 * time.Millisecond)
		return
	case 4, 5:
		c.verdict(c.byte()%16 == 0)
		return
	case 6, 7:
		c.writes(c.byte()%16 == 0)
		return
	case 8:
		c.control()
		return
	}
	p := c.somebody()
	if p == nil {
		return
	}
	if op == 9 {
		c.leaves(p.ID)
		c.reap()
		return
	}
	c.sends(p, c.message(p, op))
}

func (c *chaos) joins() {
	c.last++
	flags := c.byte()
	c.connect(Joined{
		Peer: c.last, Addr: c.address(string('1' + rune(c.last%8))), ID: peerID(string('a' + rune(c.last%26))),
		Outgoing: flags&1 != 0, Fast: flags&2 != 0, Extended: flags&8 != 0, Greeted: flags&16 != 0, DHT: flags&32 != 0,
	})
	p := c.s.peers[c.last]
	if p == nil {
		return
	}
	have := swarm.NewBitfield(c.s.n)
	for i := range c.s.n {
		if c.byte()&3 != 0 {
			have.Set(i)
		}
	}
	c.sends(p, peerwire.Message{Kind: peerwire.Bitfield, Data: have})
	if flags&4 != 0 && !p.Closing {
		c.sends(p, peerwire.Message{Kind: peerwire.Unchoke})
	}
}

func (c *chaos) leaves(id swarm.Peer) {
	c.deliverLate()
	c.happen(Gone{id, io.EOF})
	delete(c.conns, id)
}

// reap has the readers of closed connections report their end.
func (c *chaos) reap() {
	for id := swarm.Peer(1); id < 2000; id++ {
		if p := c.s.peers[id]; p != nil && p.Closing {
			c.leaves(id)
		}
	}
}

// sends hands a message to the turn, or lets the reader keep it for a while.
func (c *chaos) sends(p *peer, m peerwire.Message) {
	m = c.read(p.ID, m)
	if c.late != 0 && c.late != p.ID {
		c.deliverLate()
	}
	c.slow = append(c.slow, m)
	c.late = p.ID
	if m.Kind == peerwire.Piece && c.byte()%8 == 0 {
		return
	}
	c.deliverLate()
}

func (c *chaos) deliverLate() {
	if c.late == 0 {
		return
	}
	id, all := c.late, c.slow
	c.late, c.slow = 0, nil
	c.happen(&Received{Peer: id, Messages: all})
}

func (c *chaos) message(p *peer, op byte) peerwire.Message {
	b := c.owed(p)
	data := content(b)
	switch op {
	case 10:
		return peerwire.Message{Kind: peerwire.Kind(c.byte() % 4)}
	case 11, 12:
		return peerwire.Message{Kind: peerwire.Unchoke}
	case 13:
		if c.byte()%4 == 0 {
			return peerwire.Message{Kind: peerwire.Extended, ExtID: extension.DontHave, Data: peerwire.AppendDontHave(nil, c.anyBlock().Piece)}
		}
		return peerwire.Message{Kind: peerwire.Have, Piece: c.anyBlock().Piece}
	case 14:
		data[0] ^= 0xff
		return peerwire.Message{Kind: peerwire.Piece, Block: b, Data: data}
	case 15:
		b = c.anyBlock()
		return peerwire.Message{Kind: peerwire.Piece, Block: b, Data: content(b)}
	case 16:
		return peerwire.Message{Kind: peerwire.Reject, Block: b}
	case 17:
		return peerwire.Message{Kind: peerwire.Request, Block: c.anyBlock()}
	case 18:
		return peerwire.Message{Kind: peerwire.Cancel, Block: c.anyBlock()}
	case 19:
		return peerwire.Message{Kind: [...]peerwire.Kind{peerwire.AllowedFast, peerwire.Suggest}[c.byte()&1], Piece: c.anyBlock().Piece}
	case 20:
		kinds := [...]peerwire.Kind{peerwire.HaveAll, peerwire.HaveNone, peerwire.Port, peerwire.Unknown, peerwire.Extended, peerwire.Bitfield}
		m := peerwire.Message{Kind: kinds[int(c.byte())%len(kinds)]}
		switch m.Kind {
		case peerwire.Extended:
			c.extended(&m)
		case peerwire.Bitfield:
			m.Data = slices.Clone(p.Has.Bitfield(c.s.n))
		}
		p.Allowance.Spend(int(c.byte())) // as if it came so often
		return m
	}
	return peerwire.Message{Kind: peerwire.Piece, Block: b, Data: data}
}

// verdict ends the check of a piece, by its bytes, or what can be done with sections.
func (c *chaos) verdict(fails bool) {
	sections := make([]int, 0, len(c.jobs))
	for _, j := range c.jobs {
		if j.Section {
			sections = append(sections, j.Piece)
		}
	}
	switch n := int(c.byte()); {
	case n%2 == 0 && len(sections) > 0:
		c.hash(sections)
		return
	case len(c.hashed) > 0:
		c.writeSection(n/2%len(c.hashed), fails)
		return
	}
	if len(c.jobs) == 0 {
		return
	}
	j := c.jobs[0]
	piece, how := j.Piece, "ok"
	for k := range j.From + len(j.Blocks) {
		at := c.setup.Geometry.Block(piece, k)
		var b []byte
		if k >= j.From {
			b = j.Blocks[k-j.From]
		}
		switch {
		case b == nil:
			b = c.store[at]
		case j.Section:
			c.store[at] = bytes.Clone(b)
			continue
		}
		if b != nil && !bytes.Equal(b, c.stored(at)) {
			how = "wrong"
		}
	}
	if fails {
		how = "error"
	}
	c.judge(piece, how, nil)
}

// writeSection ends the write of a section.
func (c *chaos) writeSection(i int, fails bool) {
	j := c.hashed[i]
	for k, b := range j.Blocks {
		if b != nil {
			c.store[c.setup.Geometry.Block(j.Piece, j.From+k)] = bytes.Clone(b)
		}
	}
	if fails {
		c.write(i, errScript)
		return
	}
	c.write(i, nil)
}

// writes ends a spill.
func (c *chaos) writes(fails bool) {
	if len(c.spills) == 0 {
		return
	}
	e := c.spills[0]
	piece := e.Piece
	for i, k := range e.Numbers {
		c.store[c.setup.Geometry.Block(piece, k)] = bytes.Clone(e.Bufs[i])
	}
	if fails {
		c.wrote(piece, errScript)
		return
	}
	c.wrote(piece, nil)
}

// control is what a user does.
func (c *chaos) control() {
	switch c.byte() % 22 {
	case 0:
		c.obey([]string{"pause"})
	case 1, 2:
		c.obey([]string{"resume"})
	case 3:
		c.obey([]string{"recheck"})
	case 4, 5:
		c.obey([]string{"checked"})
	case 6:
		c.happen(Reclaim{})
	case 7:
		c.happen(Found{Addrs: []swarm.Address{{AddrPort: c.address("77")}}, FromSource: c.byte()&1 != 0})
	case 8:
		c.happen(OwnAddress{Addr: c.address("8.8.8.8:1").Addr(), From: netip.AddrFrom4([4]byte{9, c.byte()})})
		c.happen(Unreached{c.address("77"), addressbook.Failed, errConnect})
		c.happen(DHTPort{uint16(c.byte())})
	case 9:
		if p := c.somebody(); p != nil {
			c.happen(ReadFailed{p.ID, c.anyBlock(), errScript})
		}
	case 10:
		c.happen(Ban{c.address(string('1' + rune(c.byte()%8))).Addr()})
	case 11:
		c.happen(Reannounce{})
	case 15:
		pieces := []int{c.anyBlock().Piece}
		c.happen(StoredChecked{Round: c.s.stored.round, Pieces: pieces, Unreadable: pieces, Err: errScript})
	case 16:
		pieces := []int{c.anyBlock().Piece}
		c.happen(StoredChecked{Round: c.s.stored.round, Pieces: pieces, Good: pieces})
	case 17, 18:
		first := c.anyBlock().Piece
		last := first + int(c.byte())%(c.s.n-first)
		runs := []PriorityRun{{First: first, Last: last, Priority: c.byte() % 8}}
		if c.byte()&1 != 0 {
			runs = append(runs, PriorityRun{First: 0, Last: int(c.byte()) % c.s.n, Priority: c.byte() & 4})
		}
		c.happen(Prioritize{Runs: runs})
	case 19:
		first, second := c.anyBlock().Piece, c.anyBlock().Piece
		at := c.now.Add(time.Duration(int(c.byte())-50) * time.Second)
		c.happen(SetDeadlines{Changes: []Deadline{
			{Piece: first, At: at},
			{Piece: second, At: at.Add(time.Second)},
			{Piece: c.anyBlock().Piece},
		}})
	case 20:
		c.happen(SetSequential{On: c.byte()&1 != 0})
		if c.byte()&3 == 0 {
			c.happen(ClearDeadlines{})
		}
	case 21:
		c.happen(Await{c.ticket(), c.anyBlock().Piece})
	case 14:
		c.happen(Say{Peer: swarm.Peer(c.byte()), Name: "a", Body: []byte("from outside")})
	case 12, 13:
		if c.s.completion.Syncing {
			c.obey([]string{"synced", "badly"}[:1+c.byte()%2])
		}
	}
}

// complete has an honest seed send what is asked of it until nothing is missing.
func (c *chaos) complete() {
	c.deliverLate()
	c.happen(Prioritize{Runs: []PriorityRun{{Last: c.s.n - 1, Priority: 4}}})
	seed := swarm.Peer(1000)
	for n := 0; !c.s.complete() || !c.s.completion.Reported; n++ {
		c.reap()
		require.Less(c.t, n, 3000, "%s: no progress: %d of %d pieces, %d partial", c.place, c.s.haveN, c.s.n, c.s.pieces.Len())
		switch c.s.phase {
		case PhasePaused, PhaseFailed:
			c.obey([]string{"resume"})
			continue
		case PhaseChecking:
			c.verdict(false)
			c.writes(false)
			c.obey([]string{"checked"})
			continue
		}
		c.verdict(false)
		c.writes(false)
		if c.s.complete() {
			c.obey([]string{"synced"})
			continue
		}
		p := c.s.peers[seed]
		if p == nil || p.Closing {
			seed++
			c.connect(Joined{Peer: seed, Addr: c.address("200"), ID: peerID("seed")})
			if p = c.s.peers[seed]; p == nil {
				c.advance(time.Minute) // there is no room
				continue
			}
			all := swarm.NewBitfield(c.s.n)
			all.SetAll(c.s.n)
			c.happen(&Received{Peer: seed, Messages: []peerwire.Message{{Kind: peerwire.Bitfield, Data: all}, {Kind: peerwire.Unchoke}}})
		}
		if p.Requests.Len() == 0 || p.Requests.Open()[0].Void {
			c.advance(5 * time.Second)
			continue
		}
		b := p.Requests.Open()[0].Block
		c.happen(&Received{Peer: seed, Messages: []peerwire.Message{c.read(seed, peerwire.Message{Kind: peerwire.Piece, Block: b, Data: content(b)})}})
		c.check()
	}
}
