package pex

import "time"

// Message takes in the addresses that a message adds; package exchanging says which of them.
func (s *session) Message(now time.Time, body []byte) error {
	found, ignored, err := s.incoming.Message(now, body, s.conn.Peers)
	s.conn.CountIgnored(ignored)
	if len(found) > 0 {
		s.conn.Found(found...)
	}
	return err
}
