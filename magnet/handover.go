package magnet

import (
	"errors"
	"net/netip"
	"os"
	"time"

	"github.com/shoal-bt/shoal/connect"
	"github.com/shoal-bt/shoal/protocol/report"
	"github.com/shoal-bt/shoal/swarm"
)

// stopAll ends dials and the use of the connections, and waits for their goroutines. What
// comes from outside from now on is refused.
func (r *run) stopAll() {
	r.isOver = true
	for _, do := range r.end() {
		do(r)
	}
	r.cancel()
	r.options.Connector.Forget(r.Fetcher)
	for _, c := range r.conns {
		close(c.stop)
		c.Conn.SetReadDeadline(time.Unix(1, 0))
		c.Conn.SetWriteDeadline(time.Now().Add(flushTimeout))
	}
	r.tasks.Wait()
}

// abandon ends a fetch that failed.
func (r *run) abandon() {
	r.stopAll()
	for _, c := range r.conns {
		c.Conn.Close()
		r.options.OnEvent(report.PeerLost{Torrent: r.swarms[0], Addr: c.Addr, End: report.EndStopped})
	}
	stopSources(r.sourceStates(), r.announcement(swarm.Stopped))
}

// handOver ends a fetch that has the metadata, or that was stopped, and returns what there is.
// A connection goes along if everything was sent on it, and if what the peer sent can be
// replayed. Of others the address stays.
func (r *run) handOver(info []byte) *Result {
	r.stopAll()
	result := &Result{
		Info:    info,
		Banned:  r.banned,
		Sources: r.sourceStates(),
		say:     r.announcement(swarm.Stopped),
	}
	for id := swarm.Peer(1); id <= r.lastPeer; id++ {
		c := r.conns[id]
		if c == nil {
			continue
		}
		r.remember(c, r.state.ListenPort(id))
		live := r.live(c)
		if live == nil {
			c.Conn.Close()
			r.options.OnEvent(report.PeerLost{Torrent: r.swarms[0], Addr: c.Addr, End: report.EndStopped})
			continue
		}
		result.Conns = append(result.Conns, *live)
	}
	for _, a := range r.order {
		if !r.isBanned(a) {
			result.Peers = append(result.Peers, Peer{r.known[a].Address, r.originOf(a)})
		}
	}
	return result
}

// live returns a connection that can go on; nil if it cannot.
func (r *run) live(c *conn) *Live {
	replay := r.state.Replay(c.peer)
	replay = append(replay[:len(replay):len(replay)], c.left...)
	isBroken := c.writeErr != nil || (c.readErr != nil && !errors.Is(c.readErr, os.ErrDeadlineExceeded))
	if isBroken || len(replay) > connect.MaxReplay || r.isBanned(c.Addr) {
		return nil
	}
	c.Conn.SetDeadline(time.Time{})
	c.Conn.Greeted, c.Conn.Replay = c.greeted, replay
	c.Conn.Interested = r.state.Interested(c.peer)
	return &Live{c.Conn, r.originOfPeer(c)}
}

// originOfPeer returns who named a connected peer.
func (r *run) originOfPeer(c *conn) Origin {
	if c.Outgoing && r.known[c.Addr] == nil { // it was forgotten meanwhile
		return c.origin
	}
	if c.Outgoing {
		return r.originOf(c.Addr)
	}
	named := r.originOf(netip.AddrPortFrom(c.Addr.Addr(), r.state.ListenPort(c.peer)))
	named.Incoming = true
	return named
}
