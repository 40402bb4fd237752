package reading

import "time"

const (
	// aheadTime is for how long the bytes last that a reader asks for.
	aheadTime = 10 * time.Second

	// minAhead and maxAhead bound these, in bytes.
	minAhead = 4 << 20
	maxAhead = 64 << 20

	// maxPieces bounds the wishes of one reader.
	maxPieces = 4096
)

// ahead returns how many bytes behind its offset a reader asks for that reads at a rate in bytes
// per second. chosen is the user's number: 0 follows the rate, and a negative one is none.
func ahead(chosen int64, rate float64, pieceLength int64) int64 {
	switch {
	case chosen < 0:
		return 0
	case chosen > 0:
		return chosen
	}
	least := min(max(minAhead, 2*pieceLength), maxAhead) // the next piece comes while one is read
	return min(max(int64(rate*aheadTime.Seconds()), least), maxAhead)
}

// A window is the bytes of a file that a reader has asked for.
type window struct{ first, end int64 }

// move returns the window of a reader that is at an offset, needs the next need bytes and asks for
// some ahead. What was asked for stays while the reader does not go far: a player goes back a
// little, or looks at another place and comes back at once.
func (w window) move(off, need, ahead, length int64) window {
	ahead = min(ahead, length)
	end := off + max(need, ahead)
	isNear := w.first-ahead <= off && off <= w.end
	if isNear {
		end = max(end, min(w.end, off+2*ahead)) // so that the user's number bounds it
	}
	return window{off, min(end, length)}
}

// A pace says when bytes are needed.
type pace struct {
	now  time.Time
	off  int64   // which is needed now
	rate float64 // bytes per second
}

// paceOf returns the pace of a reader at an offset. A rate that is not known yet, or that a pause
// made small, counts as the one that reads least bytes in the time for which a reader asks ahead.
func paceOf(now time.Time, off int64, rate float64, ahead int64) pace {
	least := float64(min(max(ahead, 1), minAhead)) / aheadTime.Seconds()
	return pace{now, off, max(rate, least)}
}

// at returns when the byte at an offset is needed.
func (p pace) at(off int64) time.Time {
	if off <= p.off {
		return p.now
	}
	seconds := float64(off-p.off) / p.rate
	return p.now.Add(time.Duration(min(seconds, maxSeconds) * float64(time.Second)))
}

// maxSeconds bounds how far away a deadline is.
const maxSeconds = 24 * 60 * 60
