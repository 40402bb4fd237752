package announce

import (
	"context"
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"
)

// senders is the number of connections or sockets. Each has an address of its own.
const senders = 8

// patience is how long a sender waits for an answer before it sends again.
const patience = 500 * time.Millisecond

// A Load is peers that announce to a tracker. Its methods are for one goroutine.
type Load struct {
	Addr   netip.AddrPort // of the tracker
	HTTP   bool           // else UDP
	Peers  int
	Swarms int
}

// A Count is the number of announces, by what became of them.
type Count struct {
	Answers int
	Lost    int // announces that got no answer in time
}

// A sender announces peers, some at a time.
type sender interface {
	// exchange announces the peers and returns how many answers came.
	exchange(peers []peer) (answers int, err error)
	close() error
}

// A peer is what a tracker learns of one.
type peer struct {
	swarm [20]byte
	id    [20]byte
	port  uint16
}

// Swarm returns the info hash of one of the swarms.
func (l *Load) Swarm(number int) (id [20]byte) {
	copy(id[:], "swarm of the load")
	binary.BigEndian.PutUint32(id[16:], uint32(number))
	return id
}

// Ready reports whether the tracker answers an announce to the last swarm.
func (l *Load) Ready(ctx context.Context) bool {
	s, err := l.dial(ctx, 0)
	if err != nil {
		return false
	}
	defer s.close()
	n, err := s.exchange([]peer{l.peer(l.Swarms - 1)})
	return n == 1 && err == nil
}

// peer returns one of the peers of a sender. No two of a swarm have one address and port.
func (l *Load) peer(number int) (p peer) {
	p.swarm = l.Swarm(number % l.Swarms)
	copy(p.id[:], "-LD0001-")
	binary.BigEndian.PutUint32(p.id[16:], uint32(number))
	p.port = uint16(1024 + number/l.Swarms%60_000)
	return p
}

// Fill announces each peer once.
func (l *Load) Fill(ctx context.Context) (Count, error) {
	return l.run(ctx, func(s int) func() (int, bool) {
		next := s
		return func() (int, bool) {
			number := next
			next += senders
			return number, number < l.Peers
		}
	})
}

// Run announces peers in random order for some time.
func (l *Load) Run(ctx context.Context, d time.Duration) (Count, error) {
	var over atomic.Bool
	timer := time.AfterFunc(d, func() { over.Store(true) })
	defer timer.Stop()
	return l.run(ctx, func(s int) func() (int, bool) {
		random := rand.New(rand.NewPCG(uint64(s), 1))
		own := (l.Peers - s + senders - 1) / senders // as Fill shares them out
		return func() (int, bool) {
			if own <= 0 || over.Load() {
				return 0, false
			}
			return s + senders*random.IntN(own), true
		}
	})
}

// run announces the peers that a function names for each sender, until it names no more.
func (l *Load) run(ctx context.Context, peers func(sender int) func() (int, bool)) (Count, error) {
	var running sync.WaitGroup
	var answers, lost atomic.Int64
	errs := make([]error, senders)
	for i := range senders {
		running.Go(func() {
			s, err := l.dial(ctx, i)
			if err != nil {
				errs[i] = err
				return
			}
			defer s.close()
			next := peers(i)
			batch := make([]peer, 0, l.window())
			for more := true; more && ctx.Err() == nil; {
				batch = batch[:0]
				var number int
				for more && len(batch) < cap(batch) {
					if number, more = next(); more {
						batch = append(batch, l.peer(number))
					}
				}
				if len(batch) == 0 {
					return
				}
				n, err := s.exchange(batch)
				answers.Add(int64(n))
				lost.Add(int64(len(batch) - n))
				if err != nil {
					errs[i] = err
					return
				}
			}
		})
	}
	running.Wait()
	return Count{int(answers.Load()), int(lost.Load())}, errors.Join(append(errs, ctx.Err())...)
}

// window returns how many announces a sender has under way.
func (l *Load) window() int {
	if l.HTTP {
		return 1
	}
	return 32
}

// dial connects sender i.
func (l *Load) dial(ctx context.Context, i int) (sender, error) {
	from := netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 1, 0, byte(1 + i)}), 0)
	if l.HTTP {
		return dialHTTP(ctx, from, l.Addr)
	}
	return dialUDP(ctx, from, l.Addr)
}
