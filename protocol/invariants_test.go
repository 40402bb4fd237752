package protocol

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/shoal-bt/shoal/protocol/pieces"
	"github.com/shoal-bt/shoal/protocol/unreadable"
	"github.com/shoal-bt/shoal/protocol/wanted"
	"github.com/shoal-bt/shoal/swarm"
	"github.com/shoal-bt/shoal/swarm/pickertest"
	"github.com/stretchr/testify/require"
)

// check holds the State to what must be true after every Input.
func (w *world) check() {
	require.NoError(w.t, w.balance(), w.place)
	require.NoError(w.t, w.peerRules(), w.place)
	require.NoError(w.t, w.pieceRules(), w.place)
	require.NoError(w.t, w.pickerKnows(), w.place)
	require.NoError(w.t, w.wantsRules(), w.place)
	require.Equal(w.t, unreadable.Failures{}, *unreadable.None, "what all torrents share must stay empty")
}

// balance counts every unit of memory: with a request, in an assembly, on its way from a
// reader, with a verifier or with the Storage.
func (w *world) balance() error {
	s := w.s
	n := s.buffers.out
	for _, c := range w.conns {
		n += c.tally.Credits()
	}
	for _, a := range s.pieces.InOrder() {
		n += a.Buffers()
	}
	for _, m := range w.slow {
		if m.Data != nil {
			n++
		}
	}
	inUse := n // without a Memory nothing else counts them
	if w.setup.Memory != nil {
		inUse = w.budget.InUse()
	}
	if n != s.memory.Held() || n != inUse {
		return fmt.Errorf("%d units are accounted for, the torrent holds %d, %d are in use", n, s.memory.Held(), inUse)
	}
	out := 0
	for _, j := range slices.Concat(w.jobs, w.hashed) {
		out += pieces.CountBuffers(j.Blocks)
	}
	for _, e := range w.spills {
		out += len(e.Bufs)
	}
	if out != s.buffers.out {
		return fmt.Errorf("%d buffers are with verifiers and Storage, the State thinks %d", out, s.buffers.out)
	}
	return nil
}

// peerRules are what holds of peers and requests at any time.
func (w *world) peerRules() error {
	s := w.s
	if s.places.Len() != len(s.order) {
		return fmt.Errorf("%d peers have %d places", len(s.order), s.places.Len())
	}
	limit := s.config.MaxPeers
	if limit > 0 && (len(s.order) > limit || len(s.peers) > limit+maxClosing) {
		return fmt.Errorf("%d peers and %d that are closing, of %d", len(s.order), len(s.peers)-len(s.order), limit)
	}
	if s.uploadOnly && s.pieces.Len()+s.buffers.out > 0 {
		return errors.New("pieces are in progress, though nothing is wanted")
	}
	for _, p := range s.order {
		switch {
		case s.wantsNothing() && p.AmInterested && !s.keepsSeeds() && s.follow.at.IsZero():
			return fmt.Errorf("peer %d thinks that we are interested, and nothing is wanted", p.ID)
		case s.isUseless(p) && s.follow.at.IsZero():
			return fmt.Errorf("peer %d is connected, and neither side wants anything", p.ID)
		}
		if err := w.answersAll(p); err != nil {
			return err
		}
		seen := make(map[swarm.Block]bool)
		for _, r := range p.Requests.Open() {
			switch {
			case seen[r.Block]:
				return fmt.Errorf("peer %d was asked twice for %v", p.ID, r.Block)
			case !s.geo.Contains(r.Block):
				return fmt.Errorf("peer %d was asked for %v, which is no block", p.ID, r.Block)
			}
			seen[r.Block] = true
		}
		credits, queued := p.Tally.Credits(), p.Tally.Queued()
		switch {
		case credits > p.Requests.Len():
			return fmt.Errorf("peer %d has %d units for %d requests", p.ID, credits, p.Requests.Len())
		case queued < 0:
			return fmt.Errorf("peer %d: %d blocks wait to be sent", p.ID, queued)
		}
	}
	return nil
}

// answersAll holds the State to the rule of BEP 6 that each request is answered by its block
// or a reject. The writer of a world sends at once what waits.
func (w *world) answersAll(p *peer) error {
	c := w.conns[p.ID]
	if c == nil || !p.Fast {
		return nil
	}
	for b, n := range c.asked {
		if n > 0 {
			return fmt.Errorf("peer %d gets neither a block nor a reject for %v", p.ID, b)
		}
	}
	return nil
}

// pieceRules are what holds of pieces at any time.
func (w *world) pieceRules() error {
	s := w.s
	if s.have.Count() != s.haveN {
		return fmt.Errorf("%d pieces are held, %d counted", s.have.Count(), s.haveN)
	}
	for _, a := range s.pieces.InOrder() {
		if err := w.assemblyRules(a); err != nil {
			return fmt.Errorf("piece %d: %w (phase %v)", a.Piece, err, s.phase)
		}
	}
	return nil
}

// wantsRules are what holds of what is wanted at any time.
func (w *world) wantsRules() error {
	s := w.s
	priorities, deadlines := s.Priorities(), s.Deadlines()
	var want wanted.Figures
	for i, priority := range priorities {
		if at, ok := deadlines[i]; ok && (priority == 0 || s.have.Has(i) || at.IsZero()) {
			return fmt.Errorf("piece %d has the deadline %v, and is not wanted or held", i, at)
		}
		if priority == 0 {
			continue
		}
		want.Count++
		want.Length += int64(s.geo.PieceLen(i))
		if !s.have.Has(i) {
			want.Missing++
			want.Left += int64(s.geo.PieceLen(i))
		}
	}
	if got := s.wantedFigures(); got != want {
		return fmt.Errorf("the figures are %+v, counted %+v", got, want)
	}
	isQuiet := s.Running() && s.follow.at.IsZero()
	for _, a := range s.pieces.InOrder() {
		if isQuiet && priorities[a.Piece] == 0 && !a.Checking && a.Buffers() > 0 {
			return fmt.Errorf("%d blocks of piece %d stay in memory, and it is not wanted", a.Buffers(), a.Piece)
		}
	}
	for _, p := range s.order {
		for _, r := range p.Requests.Open() {
			if isQuiet && !r.Void && priorities[r.Block.Piece] == 0 {
				return fmt.Errorf("%v is requested of peer %d, and is not wanted", r.Block, p.ID)
			}
		}
		if isQuiet && p.Extended && !s.complete() && p.SaidUploadOnly != s.saysUploadOnly(p) {
			return fmt.Errorf("peer %d was told that we download nothing: %v", p.ID, p.SaidUploadOnly)
		}
		if isQuiet && p.InPicker && p.AmInterested != s.picker.Wants(p.ID) && !s.keepsSeeds() {
			return fmt.Errorf("peer %d thinks that we are interested: %v", p.ID, p.AmInterested)
		}
	}
	isPending := s.phase != PhaseRunning || s.completion.Syncing
	if s.finished() && !s.uploadOnly && !s.completion.Reported && !isPending {
		return errors.New("all that is wanted is held, and nobody syncs it")
	}
	return nil
}

// assemblyRules are what holds of a piece in progress at any time.
func (w *world) assemblyRules(a *pieces.Assembly) error {
	arrived, wanted := 0, 0
	for k := range a.Blocks() {
		isPad := w.s.geo.IsPad(w.s.geo.Block(a.Piece, k))
		if a.Arrived(k) {
			arrived++
		}
		if !isPad {
			wanted++
		}
		if k < a.Hashed && (slices.Contains(a.InMemory(), k) || !(a.Arrived(k) || isPad)) {
			return fmt.Errorf("%d blocks are hashed, and block %d is not written", a.Hashed, k)
		}
	}
	switch {
	case w.s.have.Has(a.Piece):
		return errors.New("it is held and in progress")
	case a.Missing() < 0 || a.Missing() != wanted-arrived:
		return fmt.Errorf("%d of %d blocks have arrived, and %d are missing", arrived, wanted, a.Missing())
	case (a.Hashed > 0 && a.HashState != a.Hashed) || a.Hashed+a.Hashing > a.Blocks():
		return fmt.Errorf("%d blocks are hashed, %d on their way, the state is %v", a.Hashed, a.Hashing, a.HashState)
	case a.Ready():
		return errors.New("it is complete and nobody checks it")
	}
	return nil
}

// pickerKnows holds the picker to what the State knows.
func (w *world) pickerKnows() error {
	s := w.s
	if want := s.Running() && !s.wantsNothing(); s.hasPicker() != want {
		return fmt.Errorf("there is a picker: %v, and one is needed: %v", s.hasPicker(), want)
	}
	l, ok := s.picker.(*pickertest.Lowest)
	if !ok {
		return nil
	}
	for i := range s.n {
		held := l.IsHeld(i)
		if l.Priority(i) != s.wanted.Priority(i) || !l.Deadline(i).Equal(s.Deadlines()[i]) || (s.Sequential() && !l.IsSequential()) {
			return fmt.Errorf("the picker thinks that piece %d has priority %d and deadline %v", i, l.Priority(i), l.Deadline(i))
		}
		if held != s.have.Has(i) {
			return fmt.Errorf("the picker thinks that piece %d is held: %v", i, held)
		}
		a := s.pieces.Get(i)
		for b := range s.geo.Blocks(i) {
			arrived := a != nil && a.Arrived(b.Begin/swarm.BlockLen)
			if !held && l.HasArrived(b) != arrived {
				return fmt.Errorf("the picker thinks that %v has arrived: %v", b, !arrived)
			}
		}
	}
	for _, p := range s.order {
		if l.Knows(p.ID) != p.InPicker {
			return fmt.Errorf("the picker knows peer %d: %v", p.ID, !p.InPicker)
		}
	}
	if l.Knows(nobody) {
		return errors.New("the picker knows a peer that is nobody")
	}
	return nil
}

// finish closes the torrent; every unit of memory must come back.
func (w *world) finish() {
	w.place += " (at the end)"
	if w.s.phase != PhaseClosed {
		w.happen(Close{})
	}
	for _, id := range slices.Sorted(maps.Keys(w.conns)) {
		w.happen(Gone{id, errors.New("closed")})
		delete(w.conns, id)
	}
	for len(w.jobs)+len(w.hashed)+len(w.spills) > 0 {
		for len(w.spills) > 0 {
			w.wrote(w.spills[0].Piece, nil)
		}
		for len(w.hashed) > 0 {
			w.judge(w.hashed[0].Piece, "ok", nil)
		}
		for len(w.jobs) > 0 {
			w.judge(w.jobs[0].Piece, "ok", nil)
		}
	}
	for _, m := range w.slow {
		if m.Data != nil {
			w.quota.Drop([][]byte{m.Data})
		}
	}
	w.slow = nil
	w.happen(Finish{})
	w.check()
	require.Zero(w.t, w.quota.Held(), w.place)
	require.Zero(w.t, w.budget.InUse(), w.place)
	w.take()
}
