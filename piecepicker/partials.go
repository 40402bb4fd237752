package piecepicker

import (
	"slices"

	"github.com/shoal-bt/shoal/swarm"
)

// maxSpare is how many partials are kept to use again.
const maxSpare = 64

// partial returns the partial of a piece, or nil if the piece is not begun.
func (p *Picker) partial(piece int) *partial {
	if p.partialAt == nil || p.partialAt[piece] == 0 {
		return nil
	}
	return p.partials[p.partialAt[piece]-1]
}

// addPartial adds the partial of a piece. All its blocks are free.
func (p *Picker) addPartial(piece int) *partial {
	var t *partial
	if n := len(p.spare); n > 0 {
		t, p.spare = p.spare[n-1], p.spare[:n-1]
	} else {
		t = new(partial)
	}
	length := p.geometry.PieceLen(piece)
	count := p.geometry.BlockCount(piece)
	p.begun++
	blocks := slices.Grow(t.blocks[:0], count)[:count]
	clear(blocks)
	*t = partial{
		piece:         int32(piece),
		index:         int32(len(p.partials)),
		openIndex:     -1,
		count:         int32(count),
		last:          int32(length - (count-1)*swarm.BlockLen),
		begun:         p.begun,
		blocks:        blocks,
		extraRequests: t.extraRequests[:0],
	}
	if len(p.geometry.Pads) > 0 {
		t.geometry = &p.geometry
		for n := range blocks {
			if t.block(n).Length == 0 {
				blocks[n].state = pad
				t.count--
			}
		}
	}
	t.free, t.missing = t.count, t.count
	if p.partialAt == nil {
		p.partialAt = make([]int32, p.board.pieces)
	}
	p.partials = append(p.partials, t)
	p.partialAt[piece] = int32(len(p.partials))
	return t
}

// removePartial removes a partial, none of whose blocks may be requested.
func (p *Picker) removePartial(t *partial) {
	p.removeOpen(t)
	last := p.partials[len(p.partials)-1]
	p.partials[t.index], last.index = last, t.index
	p.partialAt[last.piece] = t.index + 1
	p.partialAt[t.piece] = 0
	p.partials[len(p.partials)-1] = nil
	p.partials = p.partials[:len(p.partials)-1]
	if len(p.spare) < maxSpare {
		p.spare = append(p.spare, t)
	}
}

// removeOpen removes a partial from the open ones.
func (p *Picker) removeOpen(t *partial) {
	if t.openIndex < 0 {
		return
	}
	last := p.open[len(p.open)-1]
	p.open[t.openIndex], last.openIndex = last, t.openIndex
	p.open[len(p.open)-1] = nil
	p.open = p.open[:len(p.open)-1]
	t.openIndex = -1
	p.board.countAskable(p.board.key(int(t.piece)), -1)
}

// reindex updates whether a piece is wanted, fresh and open, after something about it
// changed.
func (p *Picker) reindex(piece int) {
	t := p.partial(piece)
	if t != nil && t.untouched() {
		p.removePartial(t)
		t = nil
	}
	wanted := !p.held.Has(piece) && p.board.Priority(piece) > 0 &&
		(len(p.geometry.Pads) == 0 || !p.allPad(piece))
	if p.wanted.put(piece, wanted) && wanted {
		p.wantedGen++
	}
	p.setFresh(piece, wanted && t == nil)
	if t != nil {
		p.reindexOpen(t, wanted)
	}
	if p.wanted.Len() == 0 && len(p.partials) == 0 {
		p.releaseMemory()
	}
}

// reindexOpen adds a partial to the open ones if it is wanted and has free blocks, and
// removes it otherwise.
func (p *Picker) reindexOpen(t *partial, wanted bool) {
	if !wanted || t.free == 0 {
		p.removeOpen(t)
		return
	}
	if t.openIndex >= 0 {
		return
	}
	t.openIndex = int32(len(p.open))
	p.open = append(p.open, t)
	p.openGen++
	p.board.countAskable(p.board.key(int(t.piece)), 1)
}

// setFresh adds a piece to those that may be begun, or removes it.
func (p *Picker) setFresh(piece int, fresh bool) {
	if !p.board.fresh.put(piece, fresh) {
		return
	}
	by := -1
	if fresh {
		by = 1
		p.freshGen++
	}
	p.board.countAskable(p.board.key(piece), by)
	p.board.freshByPriority[p.board.Priority(piece)] += by
	if !p.started {
		return
	}
	if fresh {
		p.order.Add(piece)
	} else {
		p.order.Remove(piece)
	}
}

// releaseMemory releases the memory that only a download needs.
func (p *Picker) releaseMemory() {
	p.started = false
	p.order.Start(&p.board)
	p.partialAt, p.partials, p.open, p.spare, p.candidates, p.leaving = nil, nil, nil, nil, nil, nil
}
