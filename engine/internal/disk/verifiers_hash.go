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
	postSections(jobs, batch)
	for i, j := range jobs {
		if j.Section {
			j.writeSection(batch[i].Err)
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
	buf := make([]byte, swarm.BlockLen)
	for k := range sums {
		var b []byte
		if k >= j.From {
			b = j.Blocks[k-j.From]
		}
		if b == nil {
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

// writePiece writes a piece if it is right.
func (j job) writePiece(result protocol.CheckResult) {
	j.finish(result.OK, result.Err, func(err error) protocol.Input {
		result.Err = err
		return result
	})
}

// postSections tells each torrent which of its sections were hashed, so that it hands on
// the next ones before these are written.
func postSections(jobs []job, batch []swarm.Verdict) {
	var hashed []protocol.HashedSection
	for i, j := range jobs {
		if j.Section && batch[i].Err == nil {
			to := j.From + len(j.Blocks)
			hashed = append(hashed, protocol.HashedSection{Piece: j.Piece, Serial: j.Serial, To: to, State: batch[i].State})
		}
	}
	if len(hashed) > 0 {
		jobs[0].owner.Post(protocol.SectionsHashed{Sections: hashed})
	}
}

// writeSection writes a section, unless it could not be hashed.
func (j job) writeSection(failed error) {
	j.finish(failed == nil, failed, func(err error) protocol.Input {
		return protocol.SectionDone{
			Piece:  j.Piece,
			Serial: j.Serial,
			From:   j.From,
			Blocks: j.Blocks,
			Err:    err,
		}
	})
}

// finish writes what passed. Then it posts the answer and ends the task that Check began.
// err is why it did not pass. It does not wait.
func (j job) finish(passed bool, err error, answer func(error) protocol.Input) {
	post := func(err error) {
		defer j.owner.EndTask()
		j.owner.Post(answer(err))
	}
	if passed {
		j.write(post)
	} else {
		post(err)
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
	j.store.write(j.Piece, numbers, bufs, j.Urgent, done)
}
