package disk

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/shoal-bt/shoal/swarm"
	"github.com/stretchr/testify/require"
)

// A device is a Storage on a simulated disk. A write takes a while for itself and a while
// for each piece in it, and so does a read.
type device struct {
	swarm.Storage
	files    int           // of equal length
	lanes    bool          // each file is a lane
	locked   bool          // the system locks a file for each write
	perCall  time.Duration // for each call
	perPiece time.Duration // for each piece in it

	locks [40]chan struct{} // of one place each; a bubble's clock stops for a mutex
}

func (d *device) file(off int64) int { return int(off * int64(d.files) / (40 * pieceLen)) }

func (d *device) WriteLane(off int64) int {
	if !d.lanes {
		return -1
	}
	return d.file(off)
}

func (d *device) WriteVecAt(bufs [][]byte, off int64) (int64, error) {
	if d.locked {
		lock := d.locks[d.file(off)]
		lock <- struct{}{}
		defer func() { <-lock }()
	}
	time.Sleep(d.perCall + time.Duration(size(bufs)/pieceLen)*d.perPiece)
	return swarm.WriteVecAt(d.Storage, bufs, off)
}

func (d *device) ReadAt(p []byte, off int64) (int, error) {
	time.Sleep(d.perCall)
	return d.Storage.ReadAt(p, off)
}

// TestDevices writes 40 pieces at once to devices of several kinds, and then reads a
// block. It says how long the writes take, and the read.
func TestDevices(t *testing.T) {
	const ms = time.Millisecond
	for _, test := range []struct {
		name         string
		device       device
		writes, read time.Duration
	}{
		{"a lock for each file, 1 file", device{files: 1, locked: true, perPiece: ms}, 40 * ms, 1 * ms},
		{"a lock for each file, 1 file, lanes", device{files: 1, locked: true, lanes: true, perPiece: ms}, 40 * ms, 0},
		{"a lock for each file, 40 files", device{files: 40, locked: true, perPiece: ms}, 5 * ms, 1 * ms},
		{"a lock for each file, 40 files, lanes", device{files: 40, locked: true, lanes: true, perPiece: ms}, 5 * ms, 1 * ms},
		{"deep, 1 file", device{files: 1, perCall: 10 * ms}, 60 * ms, 20 * ms},
		{"deep, 1 file, lanes", device{files: 1, lanes: true, perCall: 10 * ms}, 20 * ms, 10 * ms},
		{"deep, 40 files", device{files: 40, perCall: 10 * ms}, 60 * ms, 20 * ms},
		{"deep, 40 files, lanes", device{files: 40, lanes: true, perCall: 10 * ms}, 60 * ms, 20 * ms},
		{"deep and slow, 1 file", device{files: 1, perCall: 10 * ms, perPiece: 10 * ms}, 110 * ms, 30 * ms},
		{"deep and slow, 1 file, lanes", device{files: 1, lanes: true, perCall: 10 * ms, perPiece: 10 * ms}, 420 * ms, 10 * ms},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := &test.device
				for i := range d.locks {
					d.locks[i] = make(chan struct{}, 1)
				}
				d.Storage = swarm.NewMemory(40 * pieceLen)
				s, _ := newStore(d, 0)
				x := new(torrent)
				begin := time.Now()
				for n := range 40 {
					spill(s, x, n, 0, 1, 2, 3)
					synctest.Wait()
				}
				_, err := s.ReadAt(make([]byte, swarm.BlockLen), 0, nil)
				require.NoError(t, err)
				read := time.Since(begin)
				require.Len(t, x.posted(), 40)
				writes := time.Since(begin)
				t.Logf("writes %v, read %v", writes, read)
				require.Equal(t, test.writes, writes)
				require.Equal(t, test.read, read)
			})
		})
	}
}
