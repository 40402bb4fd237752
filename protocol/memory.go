package protocol

// A Memory is the torrent's share of the block buffers. A unit is the right to one
// buffer of swarm.BlockLen bytes. The State reserves a unit before it requests a
// block; the unit travels with the buffer through reader, State and verifier until
// Drop. Package budget has the one that the engine uses.
//
// Calls must not block and must not apply an Input; they answer later by Refilled
// or Reclaim. Only the State calls a Memory, and the connections' readers take
// buffers from wherever it keeps them.
type Memory interface {
	// Reserve sets up to n units aside and returns how many it got. If it got
	// none, Refilled follows when there are some.
	Reserve(n int) int

	// Release gives n units back that have no buffer.
	Release(n int)

	// Drop takes buffers back together with their units. Entries may be nil. The
	// slice stays the caller's.
	Drop(bufs [][]byte)

	// Keep takes a buffer back but leaves its unit with the torrent.
	Keep(buf []byte)

	// Reclaimed answers Reclaim: whether memory will come back.
	Reclaimed(gives bool)

	// Held returns the units that the torrent holds.
	Held() int

	// Units returns the units of all torrents together.
	Units() int
}

// drop takes one buffer back with its unit.
func (s *State) drop(buf []byte) {
	s.oneBuf[0] = buf
	s.memory.Drop(s.oneBuf[:])
	s.oneBuf[0] = nil
}
