package attack

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"sync"
	"sync/atomic"
)

const (
	manyPorts     = 10_000
	manyHashes    = 100_000
	announcers    = 8  // that announce at once
	honestPeers   = 20 // that announce afterwards
	honestPort    = 6881
	maxAnswer     = 1 << 20 // bytes
	peersExpected = 200     // that an honest peer asks for
)

// A filledTracker attack fills a tracker with the peers of one address.
type filledTracker struct {
	ports bool // of one torrent; else torrents
}

// run measures how many of the honest peers of a torrent a tracker names to another one.
func (a filledTracker) run(ctx context.Context, s *Setting, attackers bool) (o outcome, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	p, to, err := s.tracker(ctx)
	if err != nil {
		return o, err
	}
	defer p.kill()
	if attackers {
		if err := a.fill(ctx, s, to); err != nil {
			return o, err
		}
	}
	for i := range honestPeers {
		if _, err := announce(ctx, clientAt(s.honest(i)), to, honestHash(), honestPort, 1); err != nil {
			return o, err
		}
	}
	answer, err := announce(ctx, clientAt(s.honest(honestPeers)), to, honestHash(), honestPort, 1)
	named := 0
	for i := range honestPeers {
		addr := s.honest(i).As4()
		if bytes.Contains(answer, binary.BigEndian.AppendUint16(addr[:], honestPort)) {
			named++
		}
	}
	o.figure = 100 * float64(named) / honestPeers
	return o, err
}

// honestHash is the info hash of the torrent of honest peers.
func honestHash() [20]byte { return [20]byte{'h', 'o', 'n', 'e', 's', 't'} }

// tracker starts shoal tracker, and returns its announce URL.
func (s *Setting) tracker(ctx context.Context) (*program, string, error) {
	p, err := s.start(ctx, "tracker", "--listen", netip.AddrPortFrom(s.programAddr(), 0).String())
	if err != nil {
		return nil, "", err
	}
	e, err := p.await(ctx, "listening")
	if err != nil {
		p.kill()
		return nil, "", err
	}
	return p, e.Announce, nil
}

// fill announces from one address. What the tracker answers does not matter.
func (a filledTracker) fill(ctx context.Context, s *Setting, to string) error {
	n := s.some(manyHashes)
	if a.ports {
		n = s.some(manyPorts)
	}
	var all sync.WaitGroup
	var next atomic.Int64
	errs := make([]error, announcers)
	for i := range announcers {
		all.Go(func() {
			c := clientAt(s.attacker())
			for k := next.Add(1); k <= int64(n) && errs[i] == nil; k = next.Add(1) {
				port, h := 1024+int(k), honestHash()
				if !a.ports {
					port = honestPort
					binary.BigEndian.PutUint64(h[12:], uint64(k))
				}
				_, errs[i] = announce(ctx, c, to, h, port, 1)
			}
		})
	}
	all.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// clientAt returns a client that dials from an address.
func clientAt(from netip.Addr) *http.Client {
	d := net.Dialer{LocalAddr: net.TCPAddrFromAddrPort(netip.AddrPortFrom(from, 0)), Timeout: dialTimeout}
	return &http.Client{Transport: &http.Transport{DialContext: d.DialContext, MaxIdleConnsPerHost: 1}}
}

// announce announces a peer, and returns the body of the answer.
func announce(ctx context.Context, c *http.Client, to string, hash [20]byte, port, left int) ([]byte, error) {
	id := newID("-qB4620-")
	query := fmt.Sprintf("?info_hash=%s&peer_id=%s&port=%d&uploaded=0&downloaded=0&left=%d&compact=1&numwant=%d&event=started",
		url.QueryEscape(string(hash[:])), url.QueryEscape(string(id[:])), port, left, peersExpected)
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, to+query, nil)
	if err != nil {
		return nil, err
	}
	answer, err := c.Do(request)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	return io.ReadAll(io.LimitReader(answer.Body, maxAnswer))
}
