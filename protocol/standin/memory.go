package standin

import "github.com/shoal-bt/shoal/swarm"

// A Memory is the protocol.Memory of a State that is given none: every unit is granted and
// the garbage collector takes the buffers back.
type Memory struct{ held int }

// units is what a Memory gives for the size of the whole: the number of pieces that may be
// begun follows from it.
const units = 64 << 20 / swarm.BlockLen

// Reserve grants every unit.
func (m *Memory) Reserve(n int) int {
	m.held += n
	return n
}

// Release counts n units less.
func (m *Memory) Release(n int) { m.held -= n }

// Drop counts a unit less for each buffer.
func (m *Memory) Drop(bufs [][]byte) {
	for _, b := range bufs {
		if b != nil {
			m.held--
		}
	}
}

// Keep leaves the buffer to the garbage collector.
func (m *Memory) Keep([]byte) {}

// Reclaimed does nothing: nobody asked.
func (m *Memory) Reclaimed(bool) {}

// Held returns the units that are in use.
func (m *Memory) Held() int { return m.held }

// Units returns the size of the whole.
func (m *Memory) Units() int { return units }
