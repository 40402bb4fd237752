package engine

import "time"

// query is a question to the state, answered in a turn.
type query struct {
	ask  func(now time.Time, s *state)
	done chan struct{}
}

func (e query) apply(now time.Time, s *state) {
	e.ask(now, s)
	close(e.done)
}

// call runs f in a turn and waits for it; it reports false once the torrent is
// being closed.
func (t *Torrent) call(f func(now time.Time, s *state)) bool {
	done := make(chan struct{})
	if !t.tryPost(query{f, done}) {
		return false
	}
	<-done
	return true
}
