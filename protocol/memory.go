package protocol

// drop takes one buffer back with its unit.
func (s *State) drop(buf []byte) {
	s.oneBuf[0] = buf
	s.memory.Drop(s.oneBuf[:])
	s.oneBuf[0] = nil
}
