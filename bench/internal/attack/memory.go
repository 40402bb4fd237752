package attack

import (
	"context"
	"net/netip"
	"sync"
	"time"

	"github.com/shoal-bt/shoal/peerwire"
)

const (
	quietPeers = 200       // connections that send something and fall silent
	batches    = 4         // that each sends
	batchSize  = 2000      // messages in each
	longOnes   = 12        // beside them, so that the program's read buffer grows
	longLength = 16 << 10  // bytes of each
	quietSize  = 128 << 20 // bytes of the torrent, which has more pieces than messages are sent

	settling    = time.Second // between two looks at memory
	settledFor  = 5           // looks in which it hardly changes
	hardly      = 64 << 10    // bytes
	settleLooks = 60          // at most
)

// keptMemory measures how much memory the program keeps for each connection on which
// nothing happens any more.
func keptMemory(ctx context.Context, s *Setting, attackers bool) (o outcome, err error) {
	// The program collects garbage at each opportunity, so that its resident memory is
	// what it holds.
	tight := *s
	tight.environ = []string{"GOMEMLIMIT=1MiB"}
	t, err := s.torrent(ctx, quietSize)
	if err != nil {
		return o, err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	p, addr, err := tight.seed(ctx, []torrent{t}, "--max-peers=-1")
	if err != nil {
		return o, err
	}
	defer p.kill()
	before, err := p.settled(ctx)
	if err != nil {
		return o, err
	}
	n := s.some(quietPeers)
	var w group
	var done sync.WaitGroup
	for i := range n {
		done.Add(1)
		w.all.Go(func() { w.fallSilent(ctx, s.network(i), addr, t, attackers, sync.OnceFunc(done.Done)) })
	}
	done.Wait()
	after, err := p.settled(ctx)
	o.ended = w.ended()
	o.figure = float64(after-before) / 1024 / float64(max(1, n-o.ended))
	cancel()
	w.all.Wait()
	return o, err
}

// settled returns the resident memory of the program when it has stopped changing.
func (p *program) settled(ctx context.Context) (bytes int64, err error) {
	same := 0
	for range settleLooks {
		last := bytes
		bytes = p.used().RSS
		same++
		if max(bytes-last, last-bytes) > hardly {
			same = 0
		}
		if same == settledFor {
			break
		}
		if err := pause(ctx, settling); err != nil {
			return 0, err
		}
	}
	return bytes, nil
}

// fallSilent makes a connection, sends batches of messages if it talks, and then nothing
// until ctx is done.
func (w *group) fallSilent(ctx context.Context, from netip.Addr, to netip.AddrPort, t torrent, talks bool, done func()) {
	defer done()
	p, err := connect(ctx, from, to, t, newID("-XX0001-"))
	if err != nil {
		return
	}
	defer p.Close()
	go func() {
		p.Writer.Write(peerwire.Message{Kind: peerwire.HaveNone})
		for i := range batches {
			if talks {
				p.sendBatch(i)
			}
			pause(ctx, redial/10)
		}
		done()
	}()
	p.drain()
	if ctx.Err() == nil {
		w.lost.Add(1)
	}
}

// sendBatch sends the batch with a number, at once.
func (p *peer) sendBatch(i int) {
	for k := range batchSize {
		p.Writer.Append(peerwire.Message{Kind: peerwire.Have, Piece: i*batchSize + k})
	}
	for range longOnes {
		p.Writer.Append(peerwire.Message{Kind: peerwire.Extended, ExtID: 99, Data: make([]byte, longLength)})
	}
	p.Writer.Flush()
}
