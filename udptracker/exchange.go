package udptracker

import (
	"context"
	"encoding/binary"
	"net/netip"
	"slices"
	"time"

	"github.com/shoal-bt/shoal/swarm/announceurl"
)

// A schedule says when a request to a silent tracker is sent again. It outlives the call:
// a call takes less than a minute, but the waits grow to more than an hour.
type schedule struct {
	unanswered int       // packets in a row, up to maxDoublings
	server     int       // which of the tracker's addresses to ask
	nextAt     time.Time // when the next packet is due; zero if none was unanswered
}

// An exchange is one request to a tracker on one socket, with the connect before it, and
// all that is sent again of it.
type exchange struct {
	socket   *socket
	servers  []netip.AddrPort // of one family, at least one
	schedule *schedule        // the caller's
	silence  time.Duration    // as in Config
	timeout  time.Duration    // 0 for no limit
	once     bool             // give up after one silence
	secrets  []string         // not to be shown
	action   uint32
	packet   packet

	sent bool // the request was sent, so the tracker may have processed it

	began         time.Time
	ignoredBefore int            // socket.ignored at the beginning
	replies       chan reply     // has room for one to each transaction
	ids           []uint32       // of all transactions
	asked         int            // transactions of the request itself
	usedID        uint64         // that the request was sent with last
	fresh         bool           // a connect was answered in this exchange
	reconnected   bool           // the tracker refused an id of an earlier exchange
	connecting    bool           // other calls wait for our connect
	server        netip.AddrPort // that is asked
}

// maxPackets bounds the packets of one exchange.
const maxPackets = 64

// run makes the exchange and returns the body of the answer. A packet that is not answered
// is sent again after 15 s, then 30 s and so on: https://www.bittorrent.org/beps/bep_0015.html#time-outs.
// An answer to an earlier packet counts too.
func (x *exchange) run(ctx context.Context) (body []byte, err error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := x.socket.acquire(ctx); err != nil {
		return nil, err
	}
	defer x.socket.release()
	x.began, x.ignoredBefore = time.Now(), x.socket.ignoredCount()
	x.replies = make(chan reply, maxPackets)
	defer func() {
		x.endConnect()
		x.socket.forget(x.ids)
	}()
	unsendable := 0
	for len(x.ids) < maxPackets {
		x.server = x.servers[x.schedule.server%len(x.servers)]
		busy, err := x.send()
		if err != nil {
			x.endConnect()
			x.schedule.server++
			unsendable++
			if unsendable >= len(x.servers) || x.socket.failed() {
				return nil, err
			}
			continue
		}
		body, done, err := x.await(ctx, busy)
		x.endConnect()
		if done || err != nil {
			return body, err
		}
	}
	return nil, x.timeoutError()
}

// send sends the request, or a connect if there is no connection id. If another call
// connects, it returns what to wait for.
func (x *exchange) send() (busy <-chan struct{}, err error) {
	id, ok, busy := x.socket.connection(canonical(x.server))
	switch {
	case busy != nil:
		return busy, nil
	case ok:
		x.usedID = id
		err = x.sendPacket(x.action, id, x.packet)
		x.sent = x.sent || err == nil
		x.asked++
		return nil, err
	}
	x.connecting = true
	return nil, x.sendPacket(actionConnect, 0, connectPacket)
}

func (x *exchange) sendPacket(action uint32, id uint64, p packet) error {
	t := &transaction{
		to:            canonical(x.server),
		action:        action,
		ignoredBefore: x.ignoredBefore,
		replies:       x.replies,
	}
	n, err := x.socket.begin(t)
	if err != nil {
		return err
	}
	x.ids = append(x.ids, n)
	return x.socket.send(p(id, n), x.server)
}

// endConnect lets the next call connect.
func (x *exchange) endConnect() {
	if x.connecting {
		x.connecting = false
		x.socket.connected(canonical(x.server))
	}
}

// await waits for an answer to any packet of the exchange. done says that body is the
// answer to the request; if it is false without an error, the next packet is to be sent.
func (x *exchange) await(ctx context.Context, busy <-chan struct{}) (body []byte, done bool, err error) {
	sentAt := time.Now()
	wait := x.silence << min(x.schedule.unanswered, maxDoublings)
	nextAt := sentAt.Add(wait)
	if x.once {
		wait = x.silence
	}
	if left := x.left(sentAt); x.timeout > 0 && left < wait {
		wait = left
	}
	silent := time.NewTimer(wait)
	defer silent.Stop()
	for {
		select {
		case r := <-x.replies:
			body, done, again, err := x.handle(r)
			if done || again || err != nil {
				return body, done, err
			}
		case <-busy:
			return nil, false, nil
		case <-ctx.Done():
			x.countSilence(time.Since(sentAt), nextAt)
			return nil, false, ctx.Err()
		case <-silent.C:
			x.countSilence(time.Since(sentAt), nextAt)
			x.schedule.server++
			isShort := x.timeout > 0 && x.left(time.Now()) < x.silence
			if x.once || isShort {
				return nil, false, x.timeoutError()
			}
			return nil, false, nil
		}
	}
}

// left returns how much time the exchange has left.
func (x *exchange) left(now time.Time) time.Duration { return x.timeout - now.Sub(x.began) }

// countSilence counts a packet that was not answered. One whose call ended soon does not
// count.
func (x *exchange) countSilence(waited time.Duration, nextAt time.Time) {
	if waited >= x.silence {
		x.schedule.unanswered = min(x.schedule.unanswered+1, maxDoublings)
		x.schedule.nextAt = nextAt
	}
}

// handle takes in a reply. again says that the next packet is to be sent at once. A
// connection id that the tracker gave long ago may have expired there, which it says with
// an error. Then the exchange connects again, once.
func (x *exchange) handle(r reply) (body []byte, done, again bool, err error) {
	switch {
	case r.err != nil:
		return nil, false, false, r.err
	case r.action == actionConnect:
		x.fresh = true
		x.socket.keepID(r.of.to, binary.BigEndian.Uint64(r.body))
		return nil, false, x.asked == 0 || x.connecting, nil
	case r.action == actionError && r.of.action == x.action && !x.fresh && !x.reconnected:
		x.reconnected = true
		x.socket.dropID(r.of.to, x.usedID)
		return nil, false, true, nil
	case r.action == actionAnnounce && len(r.body) == 0:
		// opentracker refuses swarms that are not in its list by an answer without content.
		*x.schedule = schedule{server: x.schedule.server}
		return nil, false, false, &FailureError{Reason: "its answer is empty; it probably does not serve this torrent"}
	case r.action == actionError:
		*x.schedule = schedule{server: x.schedule.server}
		return nil, false, false, &FailureError{Reason: announceurl.Clean(string(r.body), x.secrets)}
	}
	answered := slices.IndexFunc(x.servers, func(a netip.AddrPort) bool { return canonical(a) == r.of.to })
	*x.schedule = schedule{server: answered}
	return r.body, true, false, nil
}

func (x *exchange) timeoutError() error {
	return &TimeoutError{Waited: time.Since(x.began), Ignored: x.socket.ignoredCount() - x.ignoredBefore}
}
