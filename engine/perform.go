package engine

import (
	"github.com/shoal-bt/shoal/swarm"
)

// perform lets the connection's goroutines begin.
func (e startConn) perform(t *Torrent) {
	if t.conns == nil {
		t.conns = make(map[swarm.Peer]*conn)
	}
	t.conns[e.conn.id] = e.conn
	t.tasks.Add(2)
	e.conn.start()
}

func (e closeConn) perform(t *Torrent) {
	if c := t.conns[e.peer]; c != nil {
		delete(t.conns, e.peer)
		c.close()
	}
}

func (e refuseConn) perform(t *Torrent) { e.conn.close() }

func (e dial) perform(t *Torrent) { t.engine.dialer.add(t, e.addr, t.ids[e.swarm]) }

func (e check) perform(t *Torrent) {
	t.tasks.Add(1)
	e.job.torrent = t
	if e.job.stored {
		go t.engine.verifiers.checkSpilled(e.job)
		return
	}
	t.engine.verifiers.add(e.job)
}

func (hurry) perform(t *Torrent) { t.engine.verifiers.hurry(t) }

func (e spill) perform(t *Torrent) {
	t.tasks.Add(1)
	go func() {
		defer t.tasks.Done()
		t.disk.Acquire(nil)
		err := writeBlocks(t.storage, t.geometry, e.asm.piece, e.numbers, e.bufs)
		t.disk.Release()
		t.post(spilled{e.asm, e.numbers, e.bufs, err})
	}()
}

func (e emit) perform(t *Torrent) { t.engine.hub.emit(e.event) }

func (e announce) perform(t *Torrent) {
	t.engine.announcer.queueAnnounce(t, e, t.state.announcement())
}

func (rest) perform(t *Torrent) {
	swarm.Idle(t.storage)
}

func (e readStored) perform(t *Torrent) {
	t.tasks.Add(1)
	go t.readStored(e.pieces, e.round)
}

// announcement is what the sources are told of the torrent.
func (s *state) announcement() swarm.Announcement {
	total := s.totals()
	want := 200
	if s.cfg.MaxPeers > 0 {
		want = max(0, min(want, s.cfg.MaxPeers-len(s.order)))
	}
	if !s.wantsToDial() {
		want = 0
	}
	return swarm.Announcement{
		Swarm: s.id(), Peer: s.cfg.PeerID, Port: s.port, Want: want,
		Uploaded: total.up - s.sinceUp, Downloaded: total.down - s.sinceDown, Left: s.left,
	}
}

// writeBlocks writes blocks of one piece, those that follow one another in one call.
func writeBlocks(w swarm.Storage, g swarm.Geometry, piece int, numbers []int, bufs [][]byte) error {
	for i := 0; i < len(numbers); {
		first := i
		for i++; i < len(numbers) && numbers[i] == numbers[i-1]+1; i++ {
		}
		off := g.Offset(swarm.Block{Piece: piece, Begin: numbers[first] * swarm.BlockLen})
		if _, err := swarm.WriteVecAt(w, bufs[first:i], off); err != nil {
			return err
		}
	}
	return nil
}
