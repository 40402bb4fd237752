package engine

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/shoal-bt/shoal/engine/internal/simnet"
	"github.com/shoal-bt/shoal/handshake"
	"github.com/shoal-bt/shoal/peerwire"
	"github.com/shoal-bt/shoal/protocol"
	"github.com/shoal-bt/shoal/swarm"
	"github.com/shoal-bt/shoal/swarm/storagetest"
	"github.com/stretchr/testify/require"
)

// TestHostileCrowd has many peers say whatever the protocol has words for, some under one
// name, and hang up in every phase, while users pause, check, read and wait. One honest
// seed is enough to complete the torrent, every call ends, and no unit of memory and no
// socket is lost (rig.close).
func TestHostileCrowd(t *testing.T) {
	for n := range uint64(3) {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			inBubble(t, func(t *testing.T, r *rig) { hostileCrowd(t, r, n) })
		})
	}
}

func hostileCrowd(t *testing.T, r *rig, n uint64) {
	dice := rand.New(rand.NewPCG(n, 9))
	s := newSample(byte(n+1), 1<<20+dice.Int64N(1<<20), 1<<(15+dice.IntN(4)))
	e := r.engine("10.0.0.1", link, Config{Memory: 1 << 20, Torrent: TorrentConfig{MaxPeers: 12, UploadSlots: 3}})
	disk := storagetest.NewFaulty(swarm.NewMemory(s.geometry.Length))
	disk.Delay(time.Duration(dice.IntN(50)) * time.Millisecond)
	x := r.add(e, s.spec(disk))
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	var crowd sync.WaitGroup
	for i := range 10 {
		dice := rand.New(rand.NewPCG(n, uint64(100+i)))
		crowd.Go(func() {
			for ctx.Err() == nil {
				r.beHostile(ctx, dice, i, e, s)
			}
		})
	}
	crowd.Go(func() {
		for ctx.Err() == nil {
			user(ctx, dice, x, s)
		}
	})
	crowd.Wait()
	x.Resume()
	seed := r.engine("10.0.0.2", link, Config{})
	r.seed(seed, s)
	x.AddPeers(at(seed))
	r.wait(x, 30*time.Minute)
	s.has(t, disk)
	x.query(func(time.Time, *protocol.State) { require.Empty(t, x.answers) })
}

// beHostile is one connection of a hostile peer, which has its own address and one of few
// names.
func (r *rig) beHostile(ctx context.Context, dice *rand.Rand, i int, e *Engine, s *sample) {
	host := r.network.Host(fmt.Sprintf("10.8.0.%d", i), simnet.Link{})
	c, err := host.DialContext(ctx, "tcp", e.Addrs()[0].String())
	if err != nil {
		return
	}
	defer c.Close()
	a := &actor{t: r.t, conn: c}
	h := handshake.Handshake{InfoHash: s.id, PeerID: peerID(fmt.Sprint("hostile", dice.IntN(6))), Reserved: handshake.Bits(handshake.Extended)}
	if dice.IntN(2) == 0 {
		h.Reserved = handshake.Bits(handshake.Fast, handshake.Extended)
	}
	if dice.IntN(8) == 0 { // half a handshake
		c.Write([]byte("\x13BitTorrent prot"))
		time.Sleep(time.Duration(dice.IntN(2000)) * time.Millisecond)
		return
	}
	_, err = handshake.Initiate(ctx, c, h, handshake.Options{Timeout: time.Second})
	if err != nil {
		return
	}
	go func() { // reads, so that the engine's writer goes on
		p := make([]byte, 1<<16)
		for {
			_, err := c.Read(p)
			if err != nil {
				return
			}
		}
	}()
	have := s.all()
	if dice.IntN(3) > 0 { // otherwise it is a seed, and useless when we are one
		have.Clear(dice.IntN(s.geometry.Pieces()))
	}
	a.send(peerwire.Message{Kind: peerwire.Bitfield, Data: have})
	for range dice.IntN(40) {
		var all []peerwire.Message
		for range 1 + dice.IntN(30) {
			all = append(all, s.anyMessage(dice))
		}
		if a.send(all...) != nil {
			return
		}
		time.Sleep(time.Duration(dice.IntN(100)) * time.Millisecond)
	}
	if dice.IntN(3) == 0 { // hangs up within a message
		c.Write([]byte{0, 0, 0x40, 9, 7, 0, 0})
	}
}

// anyMessage is a message that keeps to the rules of its form, and to no others. Blocks
// have the right bytes, because those who lie are banned at once.
func (s *sample) anyMessage(dice *rand.Rand) peerwire.Message {
	g := &s.geometry
	piece := dice.IntN(g.Pieces())
	b := g.Block(piece, dice.IntN(g.BlockCount(piece)))
	m := peerwire.Message{Kind: peerwire.Kind(dice.IntN(21)), Piece: piece, Block: b}
	switch m.Kind {
	case peerwire.Bitfield:
		m.Data = s.all()
	case peerwire.Extended:
		hello := peerwire.ExtendedHandshake{V: "hostile", Reqq: dice.IntN(300), P: uint16(dice.IntN(3))}
		m.Data = hello.AppendTo(nil)
	case peerwire.Request, peerwire.Cancel, peerwire.Reject:
	case peerwire.HaveAll, peerwire.HaveNone, peerwire.Suggest, peerwire.AllowedFast:
		if dice.IntN(4) > 0 { // without the fast extension they end the connection
			return peerwire.Message{Kind: peerwire.Unchoke}
		}
	case peerwire.Choke, peerwire.Unchoke, peerwire.Interested, peerwire.NotInterested, peerwire.Have, peerwire.KeepAlive:
	default:
		off := g.Offset(b)
		m.Kind, m.Data = peerwire.Piece, s.content[off:off+int64(b.Length)]
	}
	return m
}

// user does one thing with a torrent.
func user(ctx context.Context, dice *rand.Rand, x *Torrent, s *sample) {
	time.Sleep(time.Duration(dice.IntN(500)) * time.Millisecond)
	short, cancel := context.WithTimeout(ctx, time.Duration(dice.IntN(300))*time.Millisecond)
	defer cancel()
	switch dice.IntN(8) {
	case 0:
		x.Pause()
		x.Resume()
	case 1:
		x.Recheck(short)
	case 2:
		x.Wait(short)
	case 3:
		x.Await(short, dice.IntN(s.geometry.Pieces()))
	case 4:
		x.ReadAt(make([]byte, 1000), dice.Int64N(s.geometry.Length-1000))
	case 5:
		for _, p := range x.Peers() {
			x.RemovePeer(p.Addr)
		}
	case 6:
		x.Announce()
	case 7:
		x.Stats()
		x.Spilled()
		x.Pieces()
	}
}
