package disk

import (
	"hash/maphash"
	"io"

	"github.com/shoal-bt/shoal/protocol"
	"github.com/shoal-bt/shoal/swarm"
)

// checkSpilled checks a piece of which blocks are in the Storage. It runs on a goroutine
// of its own, so that a slow disk holds up no verifier.
func (v *Verifiers) checkSpilled(j job) {
	j.store.limit.Acquire(nil)
	defer j.store.limit.Release()
	v.hash([]job{j})
}

// hash checks pieces of one torrent and passes them on: what is right is written, and
// all of it goes back to the turn.
func (v *Verifiers) hash(jobs []job) {
	s := jobs[0].store
	batch := make([]swarm.Verdict, len(jobs))
	for i, j := range jobs {
		batch[i] = swarm.Verdict{Piece: j.Piece, Blocks: j.trimmed(), From: j.From, State: j.State, Stored: s.Storage}
	}
	s.Verify(batch)
	for i, j := range jobs {
		if j.Section {
			j.writeSection(batch[i])
		} else {
			v.passOn(j, batch[i])
		}
	}
}

// passOn hands on a piece that was hashed.
func (v *Verifiers) passOn(j job, verdict swarm.Verdict) {
	result := protocol.CheckResult{
		Piece:  j.Piece,
		Serial: j.Serial,
		From:   j.From,
		Blocks: j.Blocks,
		OK:     verdict.OK && verdict.Err == nil,
		Bad:    verdict.Bad,
		Err:    verdict.Err,
	}
	unexplained := !result.OK && result.Err == nil && len(result.Bad) == 0
	sums := j.Sums || unexplained
	switch {
	case sums && j.From > 0:
		go func() {
			s := j.store
			s.limit.Acquire(nil) // blocks are read
			result.Sums = v.sum(j)
			s.limit.Release()
			j.writePiece(result)
		}()
		return
	case sums:
		result.Sums = v.sum(j)
	}
	j.writePiece(result)
}

// trimmed returns the blocks with the lengths that they have in the piece.
func (j job) trimmed() [][]byte {
	last := len(j.Blocks) - 1
	if !j.Section && last >= 0 && j.Blocks[last] != nil {
		n := j.store.Geometry.PieceLen(j.Piece)
		j.Blocks[last] = j.Blocks[last][:n-(j.From+last)*swarm.BlockLen]
	}
	return j.Blocks
}

// sum hashes each block of a piece, with a hash that peers cannot predict. Blocks that
// are stored are read for that. If one cannot be read there are no hashes, because its sender
// would be taken for a liar.
func (v *Verifiers) sum(j job) []uint64 {
	s := j.store
	sums := make([]uint64, j.From+len(j.Blocks))
	var buf []byte
	for k := range sums {
		var b []byte
		if k >= j.From {
			b = j.Blocks[k-j.From]
		}
		if b == nil {
			if buf == nil {
				buf = make([]byte, swarm.BlockLen)
			}
			block := s.Geometry.Block(j.Piece, k)
			n, err := s.Storage.ReadAt(buf[:block.Length], s.Geometry.Offset(block))
			if err != nil && err != io.EOF {
				return nil
			}
			b = buf[:n]
		}
		sums[k] = maphash.Bytes(v.seed, b)
	}
	return sums
}

// writePiece writes a piece if it is right. Then it posts the result and ends the task that
// Check began. It does not wait.
func (j job) writePiece(result protocol.CheckResult) {
	post := func(err error) {
		defer j.owner.EndTask()
		if err != nil {
			result.Err = err
		}
		j.owner.Post(result)
	}
	if result.OK {
		j.write(post)
	} else {
		post(nil)
	}
}

// writeSection writes a section that was hashed. Then it posts the result and ends the
// task that Check began. It does not wait.
func (j job) writeSection(verdict swarm.Verdict) {
	post := func(err error) {
		defer j.owner.EndTask()
		j.owner.Post(protocol.SectionDone{
			Piece:  j.Piece,
			Serial: j.Serial,
			From:   j.From,
			Blocks: j.Blocks,
			State:  verdict.State,
			Err:    err,
		})
	}
	if verdict.Err == nil {
		j.write(post)
	} else {
		post(verdict.Err)
	}
}

// write writes the blocks that are in memory, and then calls done.
func (j job) write(done func(error)) {
	numbers := make([]int, 0, len(j.Blocks))
	bufs := make([][]byte, 0, len(j.Blocks))
	for k, b := range j.Blocks {
		if b != nil {
			numbers, bufs = append(numbers, j.From+k), append(bufs, b)
		}
	}
	j.store.write(j.Piece, numbers, bufs, done)
}
