package attack

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/shoal-bt/shoal/bench/internal/load"
	"github.com/shoal-bt/shoal/peerwire"
	"github.com/shoal-bt/shoal/swarm"
)

const (
	flooders  = 8                     // connections, each from a network of its own
	floodRate = 600 << 10             // bytes per second of each
	floodStep = 10 * time.Millisecond // between two writes of each

	transferLimit = 40 * time.Second // a transfer that takes longer has come as far as it has
)

// A flood is messages that are sent again and again.
type flood struct {
	name  string
	cycle func(g swarm.Geometry) []peerwire.Message // at least one
	begin func(g swarm.Geometry) []peerwire.Message // sent once before; nil for nothing
}

// kinds are floods of each kind of message.
var kinds = []flood{
	{"keep-alive", same(peerwire.Message{Kind: peerwire.KeepAlive}), nil},
	{"choke, unchoke", same(peerwire.Message{Kind: peerwire.Choke}, peerwire.Message{Kind: peerwire.Unchoke}), half},
	{"unchoke", same(peerwire.Message{Kind: peerwire.Unchoke}), nil},
	{"interested", same(peerwire.Message{Kind: peerwire.Interested}), nil},
	{"interested, not interested", same(peerwire.Message{Kind: peerwire.Interested}, peerwire.Message{Kind: peerwire.NotInterested}), nil},
	{"have of one piece", same(peerwire.Message{Kind: peerwire.Have}), nil},
	{"have of each piece", each(peerwire.Have), nil},
	{"bitfield", half, nil},
	{"have all", same(peerwire.Message{Kind: peerwire.HaveAll}), nil},
	{"have none", same(peerwire.Message{Kind: peerwire.HaveNone}), nil},
	{"have all, have none", same(peerwire.Message{Kind: peerwire.HaveAll}, peerwire.Message{Kind: peerwire.HaveNone}), nil},
	{"request while choked", same(peerwire.Message{Kind: peerwire.Request, Block: oneBlock}), nil},
	{"request", same(peerwire.Message{Kind: peerwire.Request, Block: oneBlock}), same(peerwire.Message{Kind: peerwire.Interested})},
	{"request, cancel", requestAndCancel, same(peerwire.Message{Kind: peerwire.Interested})},
	{"cancel", same(peerwire.Message{Kind: peerwire.Cancel, Block: oneBlock}), same(peerwire.Message{Kind: peerwire.Interested})},
	{"piece", same(peerwire.Message{Kind: peerwire.Piece, Block: oneBlock, Data: make([]byte, swarm.BlockLen)}), nil},
	{"reject", same(peerwire.Message{Kind: peerwire.Reject, Block: oneBlock}), half},
	{"allowed fast", each(peerwire.AllowedFast), nil},
	{"suggest", each(peerwire.Suggest), nil},
	{"port", same(peerwire.Message{Kind: peerwire.Port, Port: 1}), nil},
	{"extension handshake", same(peerwire.Message{Kind: peerwire.Extended, Data: longHello()}), nil},
	{"extended of unknown number", same(peerwire.Message{Kind: peerwire.Extended, ExtID: 99, Data: make([]byte, 8)}), nil},
	{"unknown kind", same(peerwire.Message{Kind: peerwire.Unknown, ExtID: 99}), nil},
}

// oneBlock is a block that every torrent has.
var oneBlock = swarm.Block{Length: swarm.BlockLen}

// same is a cycle of the same messages for every torrent.
func same(m ...peerwire.Message) func(swarm.Geometry) []peerwire.Message {
	return func(swarm.Geometry) []peerwire.Message { return m }
}

// each is a cycle of one message for each piece.
func each(k peerwire.Kind) func(swarm.Geometry) []peerwire.Message {
	return func(g swarm.Geometry) (all []peerwire.Message) {
		for i := range g.Pieces() {
			all = append(all, peerwire.Message{Kind: k, Piece: i})
		}
		return all
	}
}

// half is a bitfield of every other piece: of interest to get, and not useless to seed.
func half(g swarm.Geometry) []peerwire.Message {
	bits := swarm.NewBitfield(g.Pieces())
	for i := 0; i < g.Pieces(); i += 2 {
		bits.Set(i)
	}
	return []peerwire.Message{{Kind: peerwire.Bitfield, Data: bits}}
}

// requestAndCancel asks for each block and takes the request back.
func requestAndCancel(g swarm.Geometry) (all []peerwire.Message) {
	for i := range g.Pieces() {
		b := g.Block(i, 0)
		all = append(all, peerwire.Message{Kind: peerwire.Request, Block: b}, peerwire.Message{Kind: peerwire.Cancel, Block: b})
	}
	return all
}

// longHello is an extension handshake of a hundred extensions.
func longHello() []byte {
	h := peerwire.ExtendedHandshake{M: peerwire.Extensions{}}
	for i := range 100 {
		h.M[fmt.Sprintf("x_extension_%d", i)] = uint8(i + 1)
	}
	return h.AppendTo(nil)
}

// floods returns each kind of flood against get and against seed.
func floods() (all []Attack) {
	for _, k := range kinds {
		all = append(all, Attack{"flood of " + k.name + ": get beside it, MiB/s", keepsRate, k.get})
	}
	for _, k := range kinds {
		all = append(all, Attack{"flood of " + k.name + ": seed beside it, MiB/s", keepsRate, k.seed})
	}
	return all
}

// get measures a download while the flood is going on.
func (f flood) get(ctx context.Context, s *Setting, attackers bool) (o outcome, err error) {
	t, err := s.torrent(ctx, s.Size)
	if err != nil {
		return o, err
	}
	dir, err := os.MkdirTemp(s.Dir, "get-")
	if err != nil {
		return o, err
	}
	defer os.RemoveAll(dir)
	l, err := listen(s.honest(0))
	if err != nil {
		return o, err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer l.Close()
	p, addr, err := s.get(ctx, t, dir, "--peer", l.Addr().String())
	if err != nil {
		return o, err
	}
	defer p.kill()
	var w *group
	if attackers {
		w = f.start(ctx, s, addr, t)
		defer w.stop()
	}
	return measureGet(ctx, s, p, t, l, w)
}

// measureGet measures a download from an honest seed at l, which answers from now on.
func measureGet(ctx context.Context, s *Setting, p *program, t torrent, l net.Listener, w *group) (o outcome, err error) {
	before, began := p.used(), time.Now()
	ctx, cancel := s.forTransfer(ctx)
	defer cancel()
	blast := load.Blast{Torrent: load.Torrent{ID: t.Info.HashV1, Length: t.Info.Length, PieceLength: t.Info.PieceLength}, File: t.path}
	go blast.Serve(ctx, l)
	bytes := t.Info.Length
	_, err = p.await(ctx, "completed")
	if ctx.Err() != nil {
		bytes, err = p.downloaded(), nil // it is slow, and has come as far as this
	}
	o.figure = float64(bytes) / (1 << 20) / time.Since(began).Seconds()
	o.cpu = p.used().CPU - before.CPU
	if w != nil {
		o.ended = w.ended()
	}
	return o, err
}

// seed measures an upload to one peer while the flood is going on.
func (f flood) seed(ctx context.Context, s *Setting, attackers bool) (o outcome, err error) {
	t, err := s.torrent(ctx, s.Size)
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
	var w *group
	if attackers {
		w = f.start(ctx, s, addr, t)
		defer w.stop()
	}
	o = measureSeed(ctx, s, p, addr, t, t.Info.Length)
	if w != nil {
		o.ended = w.ended()
	}
	return o, nil
}

// measureSeed measures the download of n bytes by an honest peer.
func measureSeed(ctx context.Context, s *Setting, p *program, addr netip.AddrPort, t torrent, n int64) (o outcome) {
	before, began := p.used(), time.Now()
	ctx, cancel := s.forTransfer(ctx)
	defer cancel()
	came := takeFrom(ctx, s.honest(0), addr, t, n)
	o.figure = float64(came) / (1 << 20) / time.Since(began).Seconds()
	if came > 0 {
		o.cpu = time.Duration(float64(p.used().CPU-before.CPU) * float64(n) / float64(came))
	}
	return o
}

// encoded returns messages as they are sent.
func encoded(all []peerwire.Message) (b []byte) {
	for _, m := range all {
		b = m.AppendTo(b)
	}
	return b
}

// forTransfer returns a context for a transfer that is measured.
func (s *Setting) forTransfer(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, min(s.Limit, transferLimit))
}

// A group is connections of attackers.
type group struct {
	cancel context.CancelFunc
	all    sync.WaitGroup
	lost   atomic.Int64 // connections that the program ended
}

// start begins a flood and returns when each connection has sent something, or could not
// be made.
func (f flood) start(ctx context.Context, s *Setting, to netip.AddrPort, t torrent) *group {
	ctx, cancel := context.WithCancel(ctx)
	w := &group{cancel: cancel}
	g := t.Info.Geometry()
	cycle, begin := encoded(f.cycle(g)), []byte(nil)
	if f.begin != nil {
		begin = encoded(f.begin(g))
	}
	var sent sync.WaitGroup
	for i := range flooders {
		sent.Add(1)
		w.all.Go(func() {
			w.run(ctx, s.network(i), to, t, begin, cycle, sync.OnceFunc(sent.Done))
		})
	}
	sent.Wait()
	return w
}

// run floods on one connection after the other until ctx is done.
func (w *group) run(ctx context.Context, from netip.Addr, to netip.AddrPort, t torrent, begin, cycle []byte, sent func()) {
	defer sent()
	for ctx.Err() == nil {
		p, err := connect(ctx, from, to, t, newID("-XX0001-"))
		if err == nil {
			go p.drain()
			p.Conn.Write(begin)
			repeat(ctx, p.Conn, cycle, sent)
			p.Close()
			if ctx.Err() == nil {
				w.lost.Add(1)
			}
		}
		sent()
		pause(ctx, redial/10)
	}
}

// repeat writes a cycle over and over, at the rate of a flood, until an error.
func repeat(ctx context.Context, out io.Writer, cycle []byte, sent func()) {
	const step = int(floodRate * int64(floodStep) / int64(time.Second))
	buf := make([]byte, 0, step)
	at := 0
	ticks := time.NewTicker(floodStep)
	defer ticks.Stop()
	for ctx.Err() == nil {
		for buf = buf[:0]; len(buf) < step; at %= len(cycle) {
			n := min(step-len(buf), len(cycle)-at)
			buf = append(buf, cycle[at:at+n]...)
			at += n
		}
		if _, err := out.Write(buf); err != nil {
			return
		}
		sent()
		select {
		case <-ticks.C:
		case <-ctx.Done():
		}
	}
}

// ended returns how many connections the program ended so far.
func (w *group) ended() int { return int(w.lost.Load()) }

// stop ends the flood.
func (w *group) stop() {
	w.cancel()
	w.all.Wait()
}
