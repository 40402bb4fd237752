package attack

import (
	"context"
	"net/netip"
	"os"

	"github.com/shoal-bt/shoal/peerwire"
)

// spoofs is how often an attacker takes an honest peer's id.
const spoofs = 10

// A spoofedIDs attack connects with the id of an honest seed, from another address.
type spoofedIDs struct {
	first bool // before the program has reached the seed; else afterwards
}

// run measures how many of the honest seeds that the program knows are asked for blocks,
// and stay connected.
func (a spoofedIDs) run(ctx context.Context, s *Setting, attackers bool) (o outcome, err error) {
	t, err := s.torrent(ctx, 16<<20)
	if err != nil {
		return o, err
	}
	n, stayed := s.some(spoofs), 0
	for range n {
		survived, err := a.once(ctx, s, t, attackers)
		if err != nil {
			return o, err
		}
		if survived {
			stayed++
		}
	}
	o.figure = 100 * float64(stayed) / float64(n)
	if attackers && !a.first {
		o.ended = stayed // one of two connections with the same id
	}
	return o, nil
}

// once reports whether an honest seed got a connection and kept it.
func (a spoofedIDs) once(ctx context.Context, s *Setting, t torrent, attackers bool) (survived bool, err error) {
	dir, err := os.MkdirTemp(s.Dir, "get-")
	if err != nil {
		return false, err
	}
	defer os.RemoveAll(dir)
	l, err := listen(s.honest(0))
	if err != nil {
		return false, err
	}
	defer l.Close()
	ctx, cancel := context.WithTimeout(ctx, s.Limit)
	defer cancel()
	defer context.AfterFunc(ctx, func() { l.Close() })()
	p, addr, err := s.get(ctx, t, dir, "--peer", l.Addr().String())
	if err != nil {
		return false, err
	}
	defer p.kill()
	// The id is greater than the program's own, so of two connections that both sides
	// made at the same time the program keeps the one that the peer made.
	id := newID("-qB4620-")
	if attackers && a.first {
		q, err := connect(ctx, s.attacker(), addr, t, id)
		if err != nil {
			return false, err
		}
		defer q.Close()
		if _, err := q.messages.Next(); err != nil {
			return false, err
		}
		go q.drain()
	}
	c, err := l.Accept()
	if err != nil {
		return false, err
	}
	honest, err := accept(ctx, c, t, id)
	if err != nil {
		return false, err
	}
	defer honest.Close()
	survived = honest.asked()
	if survived && attackers && !a.first {
		survived = !honest.replacedBy(ctx, s.attacker(), addr, t)
	}
	return survived, nil
}

// asked says that everything is here, and reports whether a request comes.
func (p *peer) asked() bool {
	if p.Writer.Write(peerwire.Message{Kind: peerwire.HaveAll}, peerwire.Message{Kind: peerwire.Unchoke}) != nil {
		return false
	}
	for {
		m, err := p.messages.Next()
		if err != nil || m.Kind == peerwire.Request {
			return err == nil
		}
	}
}

// replacedBy reports whether the program ends this connection when somebody else connects
// with the id of this side. One of the two must end.
func (p *peer) replacedBy(ctx context.Context, from netip.Addr, to netip.AddrPort, t torrent) bool {
	ended := make(chan bool, 2)
	go func() {
		p.drain()
		ended <- true
	}()
	go func() {
		q, err := connect(ctx, from, to, t, p.ours)
		if err == nil {
			q.Writer.Write(peerwire.Message{Kind: peerwire.HaveAll})
			q.drain()
			q.Close()
		}
		ended <- false
	}()
	return <-ended
}
